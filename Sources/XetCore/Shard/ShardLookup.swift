/// Contents of the lookup tables, made from the blocks in the order in which they are serialized.
///
/// A position counts 48-byte records from the start of the section and names a block's first record.
struct ShardLookup {
    struct BlockEntry {
        let hash: UInt64
        let position: Int
    }

    struct ChunkEntry {
        let hash: UInt64
        let xorbPosition: Int
        let chunk: Int
    }

    let filePositions: [Int]
    let xorbPositions: [Int]
    private let fileHashes: [UInt64]
    private let xorbs: [ShardXorb]

    init(files: [ShardFile], xorbs: [ShardXorb]) {
        filePositions = Self.positions(files.map(\.recordCount))
        xorbPositions = Self.positions(xorbs.map(\.recordCount))
        fileHashes = files.map(\.hash.truncated)
        self.xorbs = xorbs
    }

    /// Sorted by truncated hash, then position.
    var files: [BlockEntry] { Self.entries(fileHashes, filePositions) }

    /// Sorted by truncated hash, then position.
    var xorbEntries: [BlockEntry] { Self.entries(xorbs.map(\.hash.truncated), xorbPositions) }

    /// Sorted by truncated hash, then position.
    var chunks: [ChunkEntry] {
        var entries: [ChunkEntry] = []
        entries.reserveCapacity(xorbs.reduce(0) { $0 + $1.chunks.count })
        for (xorb, position) in zip(xorbs, xorbPositions) {
            for (index, chunk) in xorb.chunks.enumerated() {
                entries.append(ChunkEntry(hash: chunk.hash.truncated, xorbPosition: position, chunk: index))
            }
        }
        return entries.sorted { ($0.hash, $0.xorbPosition, $0.chunk) < ($1.hash, $1.xorbPosition, $1.chunk) }
    }

    /// Whether a file with that truncated hash begins at `position`.
    func hasFile(_ hash: UInt64, at position: Int) -> Bool {
        guard let index = Self.index(of: position, in: filePositions) else { return false }
        return fileHashes[index] == hash
    }

    /// Whether a xorb with that truncated hash begins at `position`.
    func hasXorb(_ hash: UInt64, at position: Int) -> Bool {
        guard let index = Self.index(of: position, in: xorbPositions) else { return false }
        return xorbs[index].hash.truncated == hash
    }

    /// Whether the xorb at `position` has a chunk with that truncated hash and index.
    func hasChunk(_ hash: UInt64, xorbPosition position: Int, chunk: Int) -> Bool {
        guard let index = Self.index(of: position, in: xorbPositions) else { return false }
        let chunks = xorbs[index].chunks
        return chunk < chunks.count && chunks[chunk].hash.truncated == hash
    }

    private static func positions(_ recordCounts: [Int]) -> [Int] {
        var next = 0
        return recordCounts.map { count in
            defer { next += count }
            return next
        }
    }

    private static func entries(_ hashes: [UInt64], _ positions: [Int]) -> [BlockEntry] {
        zip(hashes, positions).map { BlockEntry(hash: $0, position: $1) }
            .sorted { ($0.hash, $0.position) < ($1.hash, $1.position) }
    }

    private static func index(of position: Int, in positions: [Int]) -> Int? {
        let index = positions.firstSortedIndex { $0 >= position }
        return index < positions.count && positions[index] == position ? index : nil
    }
}
