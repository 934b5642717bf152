/// Chunks that are packed one behind the other: a piece of a serialized xorb.
public struct PackedChunks: Sendable {
    /// Headers and payloads.
    public let bytes: [UInt8]
    /// Offset in ``bytes`` at which each chunk ends.
    public let ends: [Int]
}

/// Packs chunks one behind the other, each compressed as the content around it suggests.
public struct ChunkSequencePacker: ~Copyable {
    /// The scheme is predicted anew after this many chunks.
    private static let chunksPerPrediction = 32

    private var packer = ChunkPacker()
    private var scheme = CompressionScheme.lz4
    private var chunksUntilPrediction = 0
    private(set) var bytes: [UInt8] = []
    private(set) var ends: [Int] = []

    /// A packer without chunks; there is room for `capacity` bytes at once.
    public init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// Has the scheme predicted from the next chunk, since other content begins.
    public mutating func beginFile() {
        chunksUntilPrediction = 0
    }

    /// Adds a chunk of 1 ...
    ///
    /// 131,072 bytes.
    public mutating func append(_ chunk: RawSpan) throws(ChunkError) {
        if chunksUntilPrediction == 0 {
            scheme = CompressionScheme.predicted(for: chunk)
            chunksUntilPrediction = Self.chunksPerPrediction
        }
        chunksUntilPrediction -= 1
        try packer.pack(chunk, scheme: scheme, into: &bytes)
        ends.append(bytes.count)
    }

    /// What was packed.
    public consuming func finish() -> PackedChunks { PackedChunks(bytes: bytes, ends: ends) }
}

/// Puts packed chunks together to a xorb.
public struct XorbAssembler: Sendable {
    private var parts: [[UInt8]] = []
    private var ends: [UInt32] = []
    private var byteCount = 0

    /// A xorb of no chunks.
    public init() {}

    /// Adds chunks behind those that are there.
    public mutating func append(_ chunks: PackedChunks) {
        ends.append(contentsOf: chunks.ends.lazy.map { [byteCount] in UInt32(byteCount + $0) })
        byteCount += chunks.bytes.count
        parts.append(chunks.bytes)
    }

    /// The xorb `hash` of chunks with `chunkHashes` that end, unpacked, at `unpackedEnds`.
    ///
    /// Throws ``XorbError`` if there are none, or not as many of one as of the others.
    public consuming func finish(
        hash: XorbHash,
        chunkHashes: [ChunkHash],
        unpackedEnds: [UInt32]
    ) throws(XorbError) -> SerializedXorb {
        guard !chunkHashes.isEmpty else { throw .noChunks }
        let footer = try XorbFooter(
            hash: hash,
            chunkHashes: chunkHashes,
            serializedEnds: ends,
            unpackedEnds: unpackedEnds
        )
        return SerializedXorb(parts: parts, index: XorbIndex(footer: footer, unpackedEnds: unpackedEnds))
    }
}
