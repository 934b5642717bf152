import XetCore

/// Which chunks of which xorbs a file holds that is here.
struct LocalRuns {
    /// Chunks of a xorb that stand one behind the other in the file too.
    struct Run: Hashable {
        let chunks: ChunkRange
        /// Which chunk of the file the first of them is.
        let first: Int

        /// Which chunks of the file they are.
        var local: Range<Int> { first..<first + chunks.count }

        /// The part that is in `range`.
        func clipped(to range: ChunkRange) -> Run? {
            chunks.intersection(range).map { Run(chunks: $0, first: first + $0.start - chunks.start) }
        }
    }

    /// By first chunk; none overlaps another.
    private var runs: [XorbHash: [Run]] = [:]

    /// Finds the terms of the file among its chunks.
    ///
    /// One that does not begin or end with a chunk is left out.
    init(_ terms: [Term], of chunks: LocalChunks) {
        var start: UInt64 = 0
        for term in terms {
            let end = start + UInt64(term.unpackedByteCount)
            defer { start = end }
            let first = chunks.chunk(at: start)
            guard first + term.chunks.count <= chunks.count, chunks.start(of: first) == start,
                chunks.start(of: first + term.chunks.count) == end
            else { continue }
            runs[term.xorb, default: []].append(Run(chunks: term.chunks, first: first))
        }
        runs = runs.mapValues(Self.disjoint)
    }

    /// What is here of some chunks of a xorb, in order.
    func runs(of xorb: XorbHash, in chunks: ChunkRange) -> [Run] {
        guard let all = runs[xorb] else { return [] }
        var (low, high) = (0, all.count)
        while low < high {
            let middle = (low + high) / 2
            if all[middle].chunks.end <= chunks.start { low = middle + 1 } else { high = middle }
        }
        return all[low...].prefix { $0.chunks.start < chunks.end }.compactMap { $0.clipped(to: chunks) }
    }

    /// Whether anything is here of one of the terms.
    func holdsAny(of terms: [Term]) -> Bool { terms.contains { !runs(of: $0.xorb, in: $0.chunks).isEmpty } }

    private static func disjoint(_ runs: [Run]) -> [Run] {
        var result: [Run] = []
        for run in runs.sorted(by: { ($0.chunks.start, $0.chunks.end) < ($1.chunks.start, $1.chunks.end) }) {
            let start = max(run.chunks.start, result.last?.chunks.end ?? 0)
            guard let rest = ChunkRange(start: start, end: run.chunks.end), let part = run.clipped(to: rest) else {
                continue
            }
            result.append(part)
        }
        return result
    }
}
