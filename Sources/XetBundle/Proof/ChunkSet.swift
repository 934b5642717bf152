package import XetCore

/// Chunks of xorbs, as ranges.
package struct ChunkSet: Sendable {
    /// By their start; they neither overlap nor touch.
    private var ranges: [XorbHash: [Range<Int>]] = [:]

    package init() {}

    package var isEmpty: Bool { ranges.isEmpty }

    /// Adds what is in another one.
    package mutating func formUnion(_ other: ChunkSet) {
        for (xorb, range) in other.all { insert(xorb, range) }
    }

    /// Takes chunks out; returns those that were there.
    package mutating func remove(_ xorb: XorbHash, _ chunks: ChunkRange) -> [ChunkRange] {
        guard let known = ranges[xorb] else { return [] }
        var (left, removed): ([Range<Int>], [ChunkRange]) = ([], [])
        for range in known {
            guard let whole = ChunkRange(start: range.lowerBound, end: range.upperBound),
                let common = whole.intersection(chunks)
            else {
                left.append(range)
                continue
            }
            removed.append(common)
            if range.lowerBound < common.start { left.append(range.lowerBound..<common.start) }
            if common.end < range.upperBound { left.append(common.end..<range.upperBound) }
        }
        ranges[xorb] = left.isEmpty ? nil : left
        return removed
    }

    /// Adds chunks; returns those that were not there.
    @discardableResult
    package mutating func insert(_ xorb: XorbHash, _ chunks: ChunkRange) -> [ChunkRange] {
        let missing = missing(xorb, chunks)
        guard !missing.isEmpty else { return [] }
        var known = ranges[xorb] ?? []
        let first = known.firstIndex { $0.upperBound >= chunks.start } ?? known.endIndex
        let end = known[first...].firstIndex { $0.lowerBound > chunks.end } ?? known.endIndex
        let touched = known[first..<end]
        let start = min(chunks.start, touched.first?.lowerBound ?? chunks.start)
        known.replaceSubrange(first..<end, with: [start..<max(chunks.end, touched.last?.upperBound ?? chunks.end)])
        ranges[xorb] = known
        return missing
    }

    /// Those of some chunks that are not in it.
    package func missing(_ xorb: XorbHash, _ chunks: ChunkRange) -> [ChunkRange] {
        var missing: [ChunkRange] = []
        var next = chunks.start
        for range in ranges[xorb] ?? [] where range.upperBound > next {
            guard range.lowerBound < chunks.end else { break }
            if let gap = ChunkRange(start: next, end: range.lowerBound) { missing.append(gap) }
            next = range.upperBound
        }
        if let gap = ChunkRange(start: next, end: chunks.end) { missing.append(gap) }
        return missing
    }

    /// All of them, as ranges that do not touch.
    package var all: [(xorb: XorbHash, chunks: ChunkRange)] {
        ranges.flatMap { xorb, known in
            known.compactMap { range in
                ChunkRange(start: range.lowerBound, end: range.upperBound).map { (xorb, $0) }
            }
        }
    }

    /// One line for each range: the xorb, its first chunk, the one after its last; by xorb.
    package func lines(_ each: (String) throws -> Void) rethrows {
        for (xorb, known) in ranges.sorted(by: { $0.key < $1.key }) {
            for range in known { try each("\(xorb) \(range.lowerBound) \(range.upperBound)") }
        }
    }

    /// Adds what a line says; `false` if it is none.
    package mutating func insert(line: some StringProtocol) -> Bool {
        let words = line.split(separator: " ")
        guard words.count == 3, let xorb = XorbHash(String(words[0])), let start = Int(words[1]),
            let end = Int(words[2]), end <= XorbBuilder.maximumChunkCount,
            let range = ChunkRange(start: start, end: end)
        else { return false }
        insert(xorb, range)
        return true
    }
}
