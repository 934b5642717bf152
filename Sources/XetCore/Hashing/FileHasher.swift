/// Computes the hash of a file from its bytes, given in pieces of any size: chunks, hashes and folds them.
///
/// Holds at most one chunk.
public struct FileHasher: Sendable {
    private var cutter = SegmentCutter()
    private var tree = MerkleTree()

    /// A hasher before the first byte.
    public init() {}

    /// Takes the next bytes of the file.
    public mutating func update(_ bytes: RawSpan) {
        append(cutter.cut(bytes, isLast: false), bytes)
    }

    /// The hash of the file, after its last byte.
    public consuming func finish() -> FileHash {
        let none: [UInt8] = []
        append(cutter.cut(none.rawSpan, isLast: true), none.rawSpan)
        return tree.fileHash
    }

    private mutating func append(_ cuts: SegmentCuts, _ bytes: RawSpan) {
        for leaf in cuts.leaves(in: bytes) { tree.append(leaf.hash, byteCount: leaf.byteCount) }
    }
}
