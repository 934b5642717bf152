/// A chunk as a shard lists it.
public struct ShardChunk: Hashable, Sendable {
    /// Hash of the chunk; keyed with the footer's key if the shard has one.
    public let hash: ChunkHash
    /// Where the chunk begins in the unpacked xorb.
    public let unpackedStart: Int
    /// Unpacked length of the chunk.
    public let unpackedByteCount: Int
    /// Whether the chunk is marked for global deduplication; writers may leave the mark out.
    public let isDedupEligible: Bool

    /// Makes a record; ``ShardXorb`` checks its numbers.
    public init(hash: ChunkHash, unpackedStart: Int, unpackedByteCount: Int, isDedupEligible: Bool) {
        self.hash = hash
        self.unpackedStart = unpackedStart
        self.unpackedByteCount = unpackedByteCount
        self.isDedupEligible = isDedupEligible
    }

    /// Where the chunk ends in the unpacked xorb.
    public var unpackedEnd: Int { unpackedStart + unpackedByteCount }
}

/// A xorb as a shard lists it: its chunks, in order.
public struct ShardXorb: Hashable, Sendable {
    /// Name of the xorb.
    public let hash: XorbHash
    /// All chunks, in order and without gaps; never empty.
    public let chunks: [ShardChunk]
    /// Length of the serialized xorb; the reference client uploads 0.
    public let serializedByteCount: Int

    /// Throws unless there is a chunk, each begins where the one before ends, and all numbers fit their fields.
    public init(hash: XorbHash, chunks: [ShardChunk], serializedByteCount: Int) throws(ShardError) {
        guard hash != .endMarker else { throw .reservedHash(.xorbs) }
        guard !chunks.isEmpty else { throw .noChunks(xorb: hash) }
        let maximum = ChunkHeader.maximumUnpackedByteCount
        var end = 0
        for (index, chunk) in chunks.enumerated() {
            guard chunk.unpackedStart == end else {
                throw .chunkOffsetMismatch(xorb: hash, index: index, expected: end, found: chunk.unpackedStart)
            }
            let count = chunk.unpackedByteCount
            guard count >= 0, count <= maximum else {
                throw .chunkTooLarge(xorb: hash, index: index, byteCount: count, maximum: maximum)
            }
            end += count
        }
        try ShardError.checkField(end, .xorbs, "unpacked bytes")
        try ShardError.checkField(serializedByteCount, .xorbs, "serialized bytes")
        self.hash = hash
        self.chunks = chunks
        self.serializedByteCount = serializedByteCount
    }

    /// Lists the chunks of a serialized xorb; `isDedupEligible` is asked for each chunk index.
    public init(
        _ index: XorbIndex,
        serializedByteCount: Int = 0,
        isDedupEligible: (Int) -> Bool = { _ in false }
    ) throws(ShardError) {
        let chunks = index.chunkHashes.indices.map { chunk in
            ShardChunk(
                hash: index.chunkHashes[chunk],
                unpackedStart: index.unpackedStart(of: chunk),
                unpackedByteCount: index.unpackedByteCount(of: chunk),
                isDedupEligible: isDedupEligible(chunk)
            )
        }
        try self.init(hash: index.hash, chunks: chunks, serializedByteCount: serializedByteCount)
    }

    /// Length of the unpacked xorb.
    public var unpackedByteCount: Int { chunks.last?.unpackedEnd ?? 0 }

    /// Records of its block: header and chunks.
    var recordCount: Int { 1 + chunks.count }

    /// The same xorb with keyed chunk hashes.
    func keyed(with key: ChunkHashKey) -> ShardXorb {
        ShardXorb(
            unchecked: hash,
            chunks: chunks.map { chunk in
                ShardChunk(
                    hash: chunk.hash.keyed(key.key),
                    unpackedStart: chunk.unpackedStart,
                    unpackedByteCount: chunk.unpackedByteCount,
                    isDedupEligible: chunk.isDedupEligible
                )
            },
            serializedByteCount: serializedByteCount
        )
    }

    private init(unchecked hash: XorbHash, chunks: [ShardChunk], serializedByteCount: Int) {
        self.hash = hash
        self.chunks = chunks
        self.serializedByteCount = serializedByteCount
    }
}
