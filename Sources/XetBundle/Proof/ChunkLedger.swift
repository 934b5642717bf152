package import XetCore

/// The hashes of chunks that were there: 40 bytes for each.
package struct ChunkLedger: Sendable {
    /// A chunk.
    package struct Entry: Hashable, Sendable {
        package let hash: ChunkHash
        package let unpackedByteCount: Int

        package init(hash: ChunkHash, unpackedByteCount: Int) {
            self.hash = hash
            self.unpackedByteCount = unpackedByteCount
        }
    }

    private struct Piece {
        let start: Int
        let entries: [Entry]
        var end: Int { start + entries.count }
    }

    /// By their first chunk, none inside another.
    private var pieces: [XorbHash: [Piece]] = [:]

    package init() {}

    /// Adds chunks that follow one another.
    package mutating func insert(_ xorb: XorbHash, _ chunks: ChunkRange, _ entries: [Entry]) {
        guard entries.count == chunks.count else { return }
        let piece = Piece(start: chunks.start, entries: entries)
        var known = pieces[xorb] ?? []
        let place = known.firstIndex { $0.start > piece.start } ?? known.endIndex
        if place > 0, known[place - 1].end >= piece.end { return }
        known.insert(piece, at: place)
        pieces[xorb] = known
    }

    /// Adds the chunks of a run.
    package mutating func insert(_ run: BundledRun) {
        insert(
            run.xorb,
            run.chunks,
            run.records.map { Entry(hash: $0.hash, unpackedByteCount: $0.unpackedByteCount) }
        )
    }

    /// The chunks of a range from its first on, up to the first that is not there.
    package func entries(of xorb: XorbHash, in range: ChunkRange) -> [Entry] {
        guard let known = pieces[xorb] else { return [] }
        var entries: [Entry] = []
        var next = range.start
        for piece in known where piece.end > next {
            guard piece.start <= next, next < range.end else { break }
            let end = min(piece.end, range.end)
            entries += piece.entries[(next - piece.start)..<(end - piece.start)]
            next = end
        }
        return entries
    }

    /// All that is there.
    package var chunks: ChunkSet {
        var set = ChunkSet()
        for (xorb, known) in pieces {
            for piece in known {
                if let range = ChunkRange(start: piece.start, end: piece.end) { set.insert(xorb, range) }
            }
        }
        return set
    }
}
