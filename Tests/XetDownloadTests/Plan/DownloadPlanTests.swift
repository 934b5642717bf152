import Testing
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct DownloadPlanTests {
    private static let xorbs = (1...3).map { XorbHash(words: ($0, 0, 0, 0)) }

    private func chunks(_ range: Range<Int>) throws -> ChunkRange {
        try #require(ChunkRange(start: range.lowerBound, end: range.upperBound))
    }

    private func term(_ range: Range<Int>, xorb: Int = 0, bytesPerChunk: Int = 10) throws -> Term {
        try Term(xorb: Self.xorbs[xorb], chunks: chunks(range), unpackedByteCount: range.count * bytesPerChunk)
    }

    private func info(_ range: Range<Int>) throws -> FetchInfo {
        let bytes = try #require(
            HTTPByteRange(first: UInt64(range.lowerBound) * 50, last: UInt64(range.upperBound) * 50 - 1)
        )
        return try FetchInfo(chunks: chunks(range), bytes: bytes, url: SignedURL("https://cdn.example/x"))
    }

    private func plan(
        _ terms: [Term],
        _ infos: [Int: [Range<Int>]],
        offset: UInt64 = 0,
        window: FileByteRange? = nil,
        limit: Int = .max
    ) throws -> DownloadPlan {
        var fetches: [XorbHash: [FetchInfo]] = [:]
        for (xorb, ranges) in infos {
            fetches[Self.xorbs[xorb]] = try ranges.map { try info($0) }
        }
        let reconstruction = try Reconstruction(offsetIntoFirstTerm: offset, terms: terms, fetches: fetches)
        return try DownloadPlan(
            reconstruction,
            window: window ?? FileByteRange(start: offset, end: offset + reconstruction.byteCount)
                ?? FileByteRange(count: 0),
            retainedByteLimit: limit
        )
    }

    // MARK: Where a window lies

    @Test func `the terms give the limits of the window`() throws {
        let window = try #require(FileByteRange(start: 105, end: 120))
        let plan = try plan([term(0..<3)], [0: [0..<3]], offset: 5, window: window)
        #expect(plan.start == 100)
        #expect(plan.end == 130)
    }

    @Test func `an offset before the file`() throws {
        let window = try #require(FileByteRange(start: 4, end: 10))
        #expect(throws: ReconstructionError.offsetBeyondTerms(offset: 5, byteCount: 4)) {
            try plan([term(0..<3)], [0: [0..<3]], offset: 5, window: window)
        }
    }

    @Test func `terms that end before the window`() throws {
        let window = try #require(FileByteRange(start: 5, end: 31))
        #expect(throws: ReconstructionError.tooShort(expected: 26, found: 25)) {
            try plan([term(0..<3)], [0: [0..<3]], offset: 5, window: window)
        }
        #expect(throws: ReconstructionError.tooShort(expected: 1, found: 0)) {
            try plan([], [:], window: FileByteRange(count: 1))
        }
    }

    /// A short answer must not cost a lot of memory or time.
    @Test func `more chunks than a window can need`() throws {
        let most = DownloadPlan.maximumChunkCount(of: FileByteRange(count: 1))
        #expect(throws: ReconstructionError.tooManyChunks(most + 1)) {
            try plan([term(0..<most + 1)], [0: [0..<most + 1]], window: FileByteRange(count: 1))
        }
        // Few are used, but of a range that has many.
        #expect(throws: ReconstructionError.tooManyChunks(most + 1)) {
            try plan([term(0..<1)], [0: [0..<most + 1]])
        }
        // The same range again and again.
        let terms = try (0..<10).map { _ in try term(0..<1) }
        #expect(throws: ReconstructionError.tooManyChunks(10 * (most / 9))) {
            try plan(terms, [0: [0..<most / 9]], limit: 0)
        }
    }

    @Test func `the chunks that are allowed grow with the window`() {
        let counts = [0, 1, 8 << 20, 1 << 30, UInt64.max].map {
            DownloadPlan.maximumChunkCount(of: FileByteRange(count: $0))
        }
        #expect(counts == counts.sorted())
        // Each has 8 KiB at least; whatever is signed with it may be a xorb.
        #expect(counts[2] >= 8 * (8 << 20) / (8 << 10))
        #expect(counts[2] < 1 << 19)
        #expect(counts[4] <= 1 << 23)
    }

    // MARK: Sharing

    @Test func `forward uses of one range share a fetch that keeps nothing`() throws {
        let plan = try plan(
            [term(0..<2), term(0..<4, xorb: 1), term(2..<5), term(7..<9)],
            [0: [0..<10], 1: [0..<4]],
            limit: 0
        )
        #expect(plan.fetches.map(\.xorb) == [Self.xorbs[0], Self.xorbs[1]])
        #expect(plan.terms.map(\.fetch) == [0, 1, 0, 0])
        #expect(plan.fetches.allSatisfy { !$0.isRetained })
        #expect(plan.fetches[0].useCounts == [1, 1, 1, 1, 1, 0, 0, 1, 1, 0])
        #expect(plan.fetches[0].usedEnd == 9)
        #expect(plan.fetches[0].usedByteCount == 70)
    }

    @Test func `repeated and backward uses keep chunks as far as the limit goes`() throws {
        let terms = try [term(4..<8), term(0..<2), term(4..<8)]
        let kept = try plan(terms, [0: [0..<8]], limit: 60)
        #expect(kept.fetches.count == 1)
        #expect(kept.fetches[0].isRetained)
        #expect(kept.fetches[0].usedByteCount == 60)
        #expect(kept.fetches[0].useCounts == [1, 1, 0, 0, 2, 2, 2, 2])

        let again = try plan(terms, [0: [0..<8]], limit: 59)
        #expect(again.fetches.count == 2)
        #expect(again.terms.map(\.fetch) == [0, 1, 1])
        #expect(again.fetches.allSatisfy { !$0.isRetained })
        #expect(again.fetches[0].useCounts == [0, 0, 0, 0, 1, 1, 1, 1])
        #expect(again.fetches[1].useCounts == [1, 1, 0, 0, 1, 1, 1, 1])
    }

    @Test func `the limit is for all ranges together`() throws {
        let plan = try plan(
            [term(1..<2), term(0..<1), term(1..<2, xorb: 1), term(0..<1, xorb: 1)],
            [0: [0..<2], 1: [0..<2]],
            limit: 39
        )
        #expect(plan.fetches.map(\.isRetained) == [true, false, false])
        #expect(plan.terms.map(\.fetch) == [0, 0, 1, 2])
    }

    @Test func `fetches stand in the order of first use`() throws {
        // The second run of xorb 0 begins after xorb 1.
        let plan = try plan(
            [term(5..<6), term(0..<1, xorb: 1), term(0..<1), term(1..<2, xorb: 1)],
            [0: [0..<6], 1: [0..<2]],
            limit: 0
        )
        #expect(plan.terms.map(\.fetch) == [0, 1, 2, 1])
        #expect(plan.fetches.map(\.xorb) == [Self.xorbs[0], Self.xorbs[1], Self.xorbs[0]])
    }

    // MARK: Without its last term

    @Test func `the last term can be left to the next window`() throws {
        let whole = try plan(
            [term(0..<3), term(0..<4, xorb: 1), term(5..<7)],
            [0: [0..<3, 5..<7], 1: [0..<4]],
            offset: 5,
            window: FileByteRange(start: 105, end: 185)
        )
        let plan = try #require(whole.withoutLastTerm())
        #expect(plan.start == 100)
        #expect(plan.end == 170)
        #expect(plan.terms == Array(whole.terms.dropLast()))
        #expect(plan.fetches == Array(whole.fetches.dropLast()))
        // And the last of what is left.
        #expect(plan.withoutLastTerm() == nil)
    }

    /// Else little would be left, or nothing.
    @Test(arguments: [(3, 4, true), (4, 4, false), (5, 4, false), (1, 100, true)])
    func `not one that has half of the bytes`(last: Int, before: Int, canBeLeft: Bool) throws {
        let plan = try plan([term(0..<before), term(0..<last, xorb: 1)], [0: [0..<before], 1: [0..<last]])
        #expect((plan.withoutLastTerm() != nil) == canBeLeft)
    }

    @Test func `not the only one`() throws {
        #expect(try plan([term(0..<3)], [0: [0..<3]]).withoutLastTerm() == nil)
    }

    /// Its chunks come with a fetch that is needed, so it costs nothing.
    @Test func `not one that is fetched with others`() throws {
        let shared = try plan([term(0..<9), term(9..<10)], [0: [0..<10]])
        #expect(shared.withoutLastTerm() == nil)
        let again = try plan([term(0..<1), term(0..<9, xorb: 1), term(0..<1)], [0: [0..<1], 1: [0..<9]])
        #expect(again.withoutLastTerm() == nil)
        // Fetched again, since nothing may be kept.
        let anew = try plan([term(0..<1), term(0..<9, xorb: 1), term(0..<1)], [0: [0..<1], 1: [0..<9]], limit: 0)
        #expect(anew.withoutLastTerm()?.terms.count == 2)
    }

    // MARK: Any reconstruction

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `any plan gives every term its chunks`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let limit = [0, 50, 200, .max][Int.random(in: 0..<4, using: &random)]
        var infos: [Int: [Range<Int>]] = [:]
        for xorb in 0..<3 {
            // Ranges may overlap: the first that holds a term counts.
            infos[xorb] = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let start = Int.random(in: 0..<12, using: &random)
                return start..<Int.random(in: start + 1...16, using: &random)
            }
        }
        let terms = try (0..<Int.random(in: 1...14, using: &random)).map { _ in
            let xorb = Int.random(in: 0..<3, using: &random)
            let range = try #require(infos[xorb]?.randomElement(using: &random))
            let start = Int.random(in: range, using: &random)
            return try term(start..<Int.random(in: start + 1...range.upperBound, using: &random), xorb: xorb)
        }
        let plan = try plan(terms, infos, limit: limit)

        #expect(plan.terms.map(\.term) == terms)
        #expect(plan.end == UInt64(terms.reduce(0) { $0 + $1.unpackedByteCount }))
        let firstUses = plan.fetches.indices.map { fetch in plan.terms.firstIndex { $0.fetch == fetch } ?? -1 }
        #expect(firstUses == firstUses.sorted() && !firstUses.contains(-1))

        for (number, fetch) in plan.fetches.enumerated() {
            let uses = plan.terms.filter { $0.fetch == number }.map(\.term)
            #expect(uses.allSatisfy { $0.xorb == fetch.xorb && fetch.info.chunks.contains($0.chunks) })
            let used = uses.flatMap { Array($0.chunks.start..<$0.chunks.end) }
            for chunk in fetch.info.chunks.start..<fetch.info.chunks.end {
                #expect(fetch.useCount(of: chunk) == used.count { $0 == chunk })
            }
            #expect(fetch.usedEnd == used.max().map { $0 + 1 })
            #expect(fetch.usedByteCount >= Set(used).count * 10)
            // What is not kept must be used once, in the order in which it comes.
            if !fetch.isRetained { #expect(zip(used, used.dropFirst()).allSatisfy { $0 < $1 }) }
        }
        #expect(plan.fetches.filter(\.isRetained).reduce(0) { $0 + $1.usedByteCount } <= limit)
        if let shorter = plan.withoutLastTerm() {
            #expect(shorter.terms == Array(plan.terms.dropLast()))
            #expect(Set(shorter.terms.map(\.fetch)) == Set(shorter.fetches.indices))
            #expect(shorter.end == UInt64(terms.dropLast().reduce(0) { $0 + $1.unpackedByteCount }))
            #expect(2 * shorter.end > plan.end)
        }
        try expectFewestFetches(plan, infos, limit: limit)
    }

    /// Ranges whose uses go forward, or are kept, have one fetch; the others one for each run of uses that goes forward.
    private func expectFewestFetches(_ plan: DownloadPlan, _ infos: [Int: [Range<Int>]], limit: Int) throws {
        var groups: [FetchKey: [Int]] = [:]
        for (index, planned) in plan.terms.enumerated() {
            let fetch = plan.fetches[planned.fetch]
            groups[FetchKey(xorb: fetch.xorb, chunks: fetch.info.chunks), default: []].append(index)
        }
        for uses in groups.values {
            let fetches = Set(uses.map { plan.terms[$0].fetch })
            var runs = 1
            for (before, after) in zip(uses, uses.dropFirst())
            where plan.terms[after].term.chunks.start < plan.terms[before].term.chunks.end {
                runs += 1
            }
            if fetches.count > 1 { #expect(fetches.count == runs) }
            if runs == 1 || limit == .max { #expect(fetches.count == 1) }
            if runs > 1, fetches.count == 1 { #expect(fetches.allSatisfy { plan.fetches[$0].isRetained }) }
        }
    }

    private struct FetchKey: Hashable {
        let xorb: XorbHash
        let chunks: ChunkRange
    }
}
