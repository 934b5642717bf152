/// Chunks that a shard knows, as a range of one xorb.
public struct ShardMatch: Hashable, Sendable {
    /// The xorb that holds them.
    public let xorb: XorbHash
    /// Where in the xorb they are.
    public let chunks: ChunkRange
    /// Their unpacked length.
    public let unpackedByteCount: Int

    /// Names a range of a xorb.
    public init(xorb: XorbHash, chunks: ChunkRange, unpackedByteCount: Int) {
        self.xorb = xorb
        self.chunks = chunks
        self.unpackedByteCount = unpackedByteCount
    }
}

/// Finds chunks in the xorbs of a shard by their plain hashes, whether or not the shard has a key.
///
/// The footer's expiry is not looked at: see ``ShardFooter/isKeyValid(at:)``.
public struct ShardChunkIndex: Sendable {
    /// Most places of one truncated hash that are looked at.
    ///
    /// It bounds the work that a hostile shard can cause; the reference client has the same limit.
    public static let maximumCandidateCount = 8

    private struct Entry {
        let hash: UInt64
        let xorb: Int
        let chunk: Int
    }

    private let xorbs: [ShardXorb]
    private let key: ChunkHashKey?
    /// Sorted by truncated hash, then place.
    private let entries: [Entry]

    /// Indexes all chunks of `shard`.
    public init(_ shard: Shard) {
        xorbs = shard.xorbs
        key = shard.footer?.key
        var entries: [Entry] = []
        entries.reserveCapacity(xorbs.reduce(0) { $0 + $1.chunks.count })
        for (xorb, content) in xorbs.enumerated() {
            for (chunk, record) in content.chunks.enumerated() {
                entries.append(Entry(hash: record.hash.truncated, xorb: xorb, chunk: chunk))
            }
        }
        self.entries = entries.sorted { ($0.hash, $0.xorb, $0.chunk) < ($1.hash, $1.xorb, $1.chunk) }
    }

    /// The places that hold `chunk`.
    public func matches(of chunk: ChunkHash) -> [ShardMatch] {
        let stored = stored(chunk)
        return candidates(stored).compactMap { match($0, chunkCount: 1) }
    }

    /// The longest run that holds the first of `chunks` and as many as possible of those after it; `nil` if the shard
    /// does not know the first.
    public func longestMatch(of chunks: some Collection<ChunkHash>) -> ShardMatch? {
        guard let first = chunks.first else { return nil }
        var wanted = [stored(first)]
        var rest = chunks.dropFirst()
        var best: (entry: Entry, count: Int)?
        for entry in candidates(wanted[0]) {
            let records = xorbs[entry.xorb].chunks[entry.chunk...]
            var count = 1
            for record in records.dropFirst() {
                if count == wanted.count {
                    guard let next = rest.popFirst() else { break }
                    wanted.append(stored(next))
                }
                guard record.hash == wanted[count] else { break }
                count += 1
            }
            if count > best?.count ?? 0 {
                best = (entry, count)
            }
        }
        return best.flatMap { match($0.entry, chunkCount: $0.count) }
    }

    /// The form in which the shard holds the hash of a chunk.
    private func stored(_ chunk: ChunkHash) -> ChunkHash {
        key.map { chunk.keyed($0.key) } ?? chunk
    }

    private func candidates(_ stored: ChunkHash) -> some Sequence<Entry> {
        let start = entries.firstSortedIndex { $0.hash >= stored.truncated }
        return entries[start...].prefix(Self.maximumCandidateCount)
            .prefix { $0.hash == stored.truncated }
            .filter { xorbs[$0.xorb].chunks[$0.chunk].hash == stored }
    }

    private func match(_ entry: Entry, chunkCount: Int) -> ShardMatch? {
        guard let range = ChunkRange(start: entry.chunk, end: entry.chunk + chunkCount) else { return nil }
        let xorb = xorbs[entry.xorb]
        let byteCount = xorb.chunks[range.end - 1].unpackedEnd - xorb.chunks[range.start].unpackedStart
        return ShardMatch(xorb: xorb.hash, chunks: range, unpackedByteCount: byteCount)
    }
}

extension ChunkHash {
    /// One in so many chunks is looked up and indexed for global deduplication because of its hash.
    public static let dedupDivisor: UInt64 = 1024

    /// Whether the chunk is looked up in, and indexed for, global deduplication.
    ///
    /// Source: draft-denis-xet, "Global Deduplication".
    public func isDedupEligible(isFirstOfFile: Bool) -> Bool {
        isFirstOfFile || modulo(Self.dedupDivisor) == 0
    }
}
