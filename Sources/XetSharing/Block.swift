import XetCore

/// Chunks of a xorb that follow one another, as one object holds them.
struct Block: Hashable, Sendable {
    /// Chunks of a whole block: about 8 MiB of a file, and at most 16 MiB.
    static let chunkCount = 128

    let xorb: XorbHash
    let chunks: ChunkRange

    /// The block that begins and ends where all do, and in which this one begins: whoever needs some of its chunks asks for it.
    var whole: Block {
        let start = chunks.start / Self.chunkCount * Self.chunkCount
        return ChunkRange(start: start, end: start + Self.chunkCount).map { Block(xorb: xorb, chunks: $0) } ?? self
    }

    /// Whether this is such a block.
    var isWhole: Bool { self == whole }
}

/// The part of a range of chunks that lies in one whole block.
struct BlockPiece: Hashable, Sendable {
    /// What is wanted.
    let wanted: Block
    /// The whole block around it.
    let whole: Block

    /// The pieces of a range, in order.
    ///
    /// Ranges begin and end where files do and where readers ask, blocks do not: so the objects that one replica has written are
    /// those that another one asks for.
    static func pieces(of range: ChunkRange, in xorb: XorbHash) -> [BlockPiece] {
        stride(from: range.start / Block.chunkCount, to: (range.end - 1) / Block.chunkCount + 1, by: 1).compactMap {
            let start = $0 * Block.chunkCount
            guard let whole = ChunkRange(start: start, end: start + Block.chunkCount),
                let wanted = whole.intersection(range)
            else { return nil }
            return BlockPiece(wanted: Block(xorb: xorb, chunks: wanted), whole: Block(xorb: xorb, chunks: whole))
        }
    }

    /// The objects that may hold it: the whole block, or just this, which a range ended with.
    var candidates: [Block] { wanted.isWhole ? [whole] : [whole, wanted] }
}
