import XetCore

/// Cuts a file that comes in pieces into chunks and hands out each as one array.
///
/// For each piece call ``next(in:from:)`` until it returns `false`, then ``finish()`` after the last. Holds one chunk.
struct ChunkAssembler: Sendable {
    private var chunker = Chunker()
    private var isComplete = false
    /// The chunk, complete when a call returned `true`; valid until the next call.
    private(set) var chunk: [UInt8] = []

    /// Takes bytes of `piece` from `offset` on; `true` if they complete a chunk, `false` if the piece is used up.
    mutating func next(in piece: RawSpan, from offset: inout Int) -> Bool {
        dropComplete()
        let rest = piece.extracting(offset..<piece.byteCount)
        let cut = chunker.nextCut(in: rest)
        chunk.append(copying: rest.extracting(0..<(cut ?? rest.byteCount)))
        offset += cut ?? rest.byteCount
        isComplete = cut != nil
        return isComplete
    }

    /// Ends the file: `true` if bytes are left that make up a last chunk.
    mutating func finish() -> Bool {
        dropComplete()
        chunker = Chunker()
        isComplete = !chunk.isEmpty
        return isComplete
    }

    private mutating func dropComplete() {
        guard isComplete else { return }
        chunk.removeAll(keepingCapacity: true)
        isComplete = false
    }
}
