import XetCore

/// Chunks of a xorb that follow one another.
struct SharedRange: Hashable, Sendable {
    let xorb: XorbHash
    let chunks: ChunkRange

    /// The parts that lie in one block each, in order.
    var pieces: [BlockPiece] {
        (chunks.start / Block.chunkCount...(chunks.end - 1) / Block.chunkCount).compactMap { number in
            guard let block = Block(xorb: xorb, number: number), let part = block.chunks.intersection(chunks) else {
                return nil
            }
            return BlockPiece(block: block, chunks: part)
        }
    }
}

/// What one object is to hold: so many chunks of a xorb, from a multiple of that number on.
///
/// Ranges begin and end where files do and where readers ask, blocks do not: so the objects that one replica has written are those
/// that another one asks for.
struct Block: Hashable, Sendable {
    /// About 8 MiB of a file, and at most 16 MiB.
    static let chunkCount = 128

    let xorb: XorbHash
    let number: Int
    /// All its chunks, also those that its xorb does not have.
    let chunks: ChunkRange

    init?(xorb: XorbHash, number: Int) {
        let start = number * Self.chunkCount
        guard let chunks = ChunkRange(start: start, end: start + Self.chunkCount) else { return nil }
        self.xorb = xorb
        self.number = number
        self.chunks = chunks
    }

    /// The object with all chunks of the block.
    var whole: BlockObject { BlockObject(block: self, kind: .whole) }

    /// The objects with some of its chunks, where that is all that is known: in the order in which they were written.
    var parts: [BlockObject] { (0..<BlockObject.mostPartCount).map { BlockObject(block: self, kind: .part($0)) } }

    /// The objects with chunks that somebody has imported, in the order in which they were written: each has one at
    /// least that those before it have not.
    var imports: [BlockObject] { (0..<Self.chunkCount).map { BlockObject(block: self, kind: .imported($0)) } }

    /// All objects that replicas write, the one to look for first in front.
    var objects: [BlockObject] { [whole] + parts }
}

/// Chunks of one block.
struct BlockPiece: Hashable, Sendable {
    let block: Block
    let chunks: ChunkRange

    /// The chunks from one of them on; `nil` if that is their end.
    func rest(from chunk: Int) -> BlockPiece? {
        ChunkRange(start: chunk, end: chunks.end).map { BlockPiece(block: block, chunks: $0) }
    }
}

/// An object that holds a block, or some chunks of one: its header says which.
struct BlockObject: Hashable, Sendable {
    /// Objects with some chunks of a block; what else is fetched of it has to wait for all of them.
    static let mostPartCount = 8

    /// What it may hold.
    enum Kind: Hashable, Sendable {
        /// All chunks.
        case whole
        /// Some of the chunks, as a replica has fetched them; which of those it is.
        case part(Int)
        /// Some of the chunks, as somebody has imported them: nothing brings those back, so nobody drops them.
        case imported(Int)
    }

    let block: Block
    let kind: Kind

    /// Whether others of its kind are looked for only behind it.
    var isFirst: Bool { [.whole, .part(0), .imported(0)].contains(kind) }

    var isPart: Bool { if case .part = kind { true } else { false } }

    var isImported: Bool { if case .imported = kind { true } else { false } }
}
