import XetCore

/// A file in pieces: what the chunks of an earlier version make up, and what is missing.
struct UpdatePieces {
    /// A piece; missing if it has no `source`.
    struct Piece: Hashable {
        let start: UInt64
        let byteCount: UInt64
        /// Of one term: the xorb, and its chunks that are here.
        let source: Source?

        var end: UInt64 { start + byteCount }
    }

    struct Source: Hashable {
        let xorb: XorbHash
        let run: LocalRuns.Run
    }

    /// What is here and shorter than this is not worth two requests for what is around it.
    static let leastByteCount: UInt64 = 128 << 10

    /// In the order of the file, all of it.
    let pieces: [Piece]
    /// Bytes that are here.
    let localByteCount: UInt64

    /// Puts pieces together that follow one another and are missing.
    init(_ pieces: [Piece]) {
        var result: [Piece] = []
        var index = 0
        while index < pieces.count {
            let stretch = pieces[index...].prefix { ($0.source == nil) == (pieces[index].source == nil) }
            let byteCount = stretch.reduce(0) { $0 + $1.byteCount }
            if pieces[index].source != nil, byteCount >= Self.leastByteCount {
                result += stretch
            } else if let last = result.last, last.source == nil {
                result[result.count - 1] = Piece(start: last.start, byteCount: last.byteCount + byteCount, source: nil)
            } else {
                result.append(Piece(start: pieces[index].start, byteCount: byteCount, source: nil))
            }
            index = stretch.endIndex
        }
        self.pieces = result
        localByteCount = result.reduce(0) { $0 + ($1.source == nil ? 0 : $1.byteCount) }
    }

    /// Those that have bytes of a range.
    func overlapping(_ range: FileByteRange) -> ArraySlice<Piece> {
        var (low, high) = (0, pieces.count)
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].end <= range.start { low = middle + 1 } else { high = middle }
        }
        return pieces[low...].prefix { $0.start < range.end }
    }
}
