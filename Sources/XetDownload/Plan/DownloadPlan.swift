import XetCore

/// One GET of a signed range, and what of it is used.
struct PlannedFetch: Hashable, Sendable {
    /// The xorb.
    let xorb: XorbHash
    /// Range and address.
    let info: FetchInfo
    /// How often each chunk is used, from `info.chunks.start` on.
    fileprivate(set) var useCounts: [Int]
    /// Unpacked bytes of what is used, each chunk counted once.
    fileprivate(set) var usedByteCount: Int
    /// Whether chunks are used in another order than the xorb's, or again, and so must be kept.
    let isRetained: Bool

    /// Index after the last chunk that is used.
    var usedEnd: Int {
        info.chunks.start + (useCounts.lastIndex { $0 > 0 } ?? -1) + 1
    }

    /// How often a chunk of the xorb is used; it need not lie in the range that is fetched.
    func useCount(of chunk: Int) -> Int {
        let index = chunk - info.chunks.start
        return useCounts.indices.contains(index) ? useCounts[index] : 0
    }
}

/// A term and the fetch that its chunks come from.
struct PlannedTerm: Hashable, Sendable {
    /// The term.
    let term: Term
    /// Index of the fetch in the plan.
    let fetch: Int
}

/// What to fetch for one window of a file, and how to put it together.
///
/// Fetches stand in the order of their first use. A range that several terms use is fetched once if its chunks can be
/// had in the order of the file, or if what must be kept meanwhile fits `retainedByteLimit`; otherwise again.
struct DownloadPlan: Hashable, Sendable {
    /// Most chunks that the terms, and that the fetches, of a window may have: each costs a few bytes and a step.
    ///
    /// Eight times as many as it can need, and what may be signed beyond: 32 xorbs of the most chunks.
    static func maximumChunkCount(of window: FileByteRange) -> Int {
        1 << 18 + Int(min(window.count, 1 << 32) >> 10)
    }

    /// Where in the file the first term begins.
    let start: UInt64
    /// Where in the file the last term ends.
    let end: UInt64
    /// The fetches, in the order of their first use.
    let fetches: [PlannedFetch]
    /// The terms, in file order.
    let terms: [PlannedTerm]

    /// Plans the answer to a request for `window`.
    ///
    /// Throws `.tooShort` if the terms end before the window does, `.tooManyChunks` beyond
    /// ``maximumChunkCount(of:)``.
    init(
        _ reconstruction: Reconstruction,
        window: FileByteRange,
        retainedByteLimit: Int
    ) throws(ReconstructionError) {
        guard reconstruction.offsetIntoFirstTerm <= window.start else {
            throw .offsetBeyondTerms(offset: reconstruction.offsetIntoFirstTerm, byteCount: window.start)
        }
        guard reconstruction.byteCount >= window.count else {
            throw .tooShort(expected: window.count, found: reconstruction.byteCount)
        }
        let most = Self.maximumChunkCount(of: window)
        try Self.check(chunkCount: reconstruction.terms.reduce(0) { $0 + $1.chunks.count }, most)
        start = window.start - reconstruction.offsetIntoFirstTerm
        end = start + reconstruction.termByteCount
        var builder = PlanBuilder(retainedByteLimit: retainedByteLimit, maximumChunkCount: most)
        for (index, term) in reconstruction.terms.enumerated() {
            guard let info = reconstruction.fetchInfo(for: term) else {
                throw .termWithoutFetch(index: index, xorb: term.xorb)
            }
            builder.add(term, info)
        }
        (fetches, terms) = try builder.finish()
    }

    private init(start: UInt64, end: UInt64, fetches: [PlannedFetch], terms: [PlannedTerm]) {
        self.start = start
        self.end = end
        self.fetches = fetches
        self.terms = terms
    }

    /// The plan without its last term; `nil` if that has at least half of the bytes, or is not all of its fetch.
    func withoutLastTerm() -> DownloadPlan? {
        guard let last = terms.last, last.fetch == fetches.count - 1,
            !terms.dropLast().contains(where: { $0.fetch == last.fetch })
        else { return nil }
        let byteCount = UInt64(last.term.unpackedByteCount)
        guard byteCount < (end - start) / 2 else { return nil }
        return DownloadPlan(
            start: start,
            end: end - byteCount,
            fetches: fetches.dropLast(),
            terms: terms.dropLast()
        )
    }

    fileprivate static func check(chunkCount: Int, _ most: Int) throws(ReconstructionError) {
        guard chunkCount <= most else { throw .tooManyChunks(chunkCount) }
    }
}

/// Collects the terms of a plan, range by range.
private struct PlanBuilder {
    private struct Range: Hashable {
        let xorb: XorbHash
        let chunks: ChunkRange
    }

    /// The uses of one range.
    private struct Uses {
        let info: FetchInfo
        var terms: [(index: Int, term: Term)] = []
        /// Unpacked bytes of the distinct terms, at least those of the distinct chunks.
        var byteCount = 0
        var seen: Set<ChunkRange> = []
        /// Whether a chunk is needed after a later one, or twice.
        var needsRetention = false
    }

    let retainedByteLimit: Int
    let maximumChunkCount: Int
    private var uses: [Range: Uses] = [:]
    private var termCount = 0

    init(retainedByteLimit: Int, maximumChunkCount: Int) {
        self.retainedByteLimit = retainedByteLimit
        self.maximumChunkCount = maximumChunkCount
    }

    mutating func add(_ term: Term, _ info: FetchInfo) {
        let range = Range(xorb: term.xorb, chunks: info.chunks)
        var uses = self.uses[range] ?? Uses(info: info)
        if let last = uses.terms.last, term.chunks.start < last.term.chunks.end {
            uses.needsRetention = true
        }
        if uses.seen.insert(term.chunks).inserted {
            uses.byteCount += term.unpackedByteCount
        }
        uses.terms.append((termCount, term))
        self.uses[range] = uses
        termCount += 1
    }

    func finish() throws(ReconstructionError) -> (fetches: [PlannedFetch], terms: [PlannedTerm]) {
        var retained = 0
        var groups: [(info: FetchInfo, isRetained: Bool, terms: [(index: Int, term: Term)])] = []
        for uses in uses.values.sorted(by: { $0.terms[0].index < $1.terms[0].index }) {
            if !uses.needsRetention {
                groups.append((uses.info, false, uses.terms))
            } else if retained + uses.byteCount <= retainedByteLimit {
                retained += uses.byteCount
                groups.append((uses.info, true, uses.terms))
            } else {
                groups += Self.forwardRuns(uses.terms).map { (uses.info, false, $0) }
            }
        }
        try DownloadPlan.check(chunkCount: groups.reduce(0) { $0 + $1.info.chunks.count }, maximumChunkCount)
        groups.sort { $0.terms[0].index < $1.terms[0].index }

        var planned = [PlannedTerm?](repeating: nil, count: termCount)
        let fetches = groups.enumerated().map { number, group in
            for (index, term) in group.terms {
                planned[index] = PlannedTerm(term: term, fetch: number)
            }
            return PlannedFetch(group.info, isRetained: group.isRetained, group.terms.map(\.term))
        }
        return (fetches, planned.compactMap { $0 })
    }

    /// Cuts the uses where a chunk would be needed that has passed.
    private static func forwardRuns(_ terms: [(index: Int, term: Term)]) -> [[(index: Int, term: Term)]] {
        var runs: [[(index: Int, term: Term)]] = []
        for use in terms {
            if let last = runs.last?.last, use.term.chunks.start >= last.term.chunks.end {
                runs[runs.count - 1].append(use)
            } else {
                runs.append([use])
            }
        }
        return runs
    }
}

extension PlannedFetch {
    fileprivate init(_ info: FetchInfo, isRetained: Bool, _ terms: [Term]) {
        self.info = info
        self.isRetained = isRetained
        xorb = terms[0].xorb
        useCounts = [Int](repeating: 0, count: info.chunks.count)
        usedByteCount = 0
        var seen: Set<ChunkRange> = []
        for term in terms {
            for chunk in term.chunks.start..<term.chunks.end {
                useCounts[chunk - info.chunks.start] += 1
            }
            if seen.insert(term.chunks).inserted {
                usedByteCount += term.unpackedByteCount
            }
        }
    }
}
