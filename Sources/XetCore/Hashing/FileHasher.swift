/// Computes the hash of a file from its bytes, given in pieces of any size: chunks, hashes and folds them.
///
/// Holds at most one chunk.
public struct FileHasher: Sendable {
    private var chunker = Chunker()
    private var tree = MerkleTree()
    /// The start of a chunk whose end has not come yet.
    private var open: [UInt8] = []

    /// A hasher before the first byte.
    public init() {}

    /// Takes the next bytes of the file.
    public mutating func update(_ bytes: RawSpan) {
        var start = 0
        while start < bytes.byteCount {
            let rest = bytes.extracting(start..<bytes.byteCount)
            guard let cut = chunker.nextCut(in: rest) else {
                open.append(copying: rest)
                return
            }
            let end = rest.extracting(0..<cut)
            if open.isEmpty {
                tree.append(ChunkHash(ofChunk: end), byteCount: cut)
            } else {
                open.append(copying: end)
                closeChunk()
            }
            start += cut
        }
    }

    /// The hash of the file, after its last byte.
    public consuming func finish() -> FileHash {
        if !open.isEmpty { closeChunk() }
        return tree.fileHash
    }

    private mutating func closeChunk() {
        tree.append(ChunkHash(ofChunk: open.rawSpan), byteCount: open.count)
        open.removeAll(keepingCapacity: true)
    }
}
