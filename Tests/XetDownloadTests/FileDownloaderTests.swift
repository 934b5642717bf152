import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

/// Right bytes, whatever the file, the range, the answers' layout and the limits.
@Suite struct FileDownloaderTests {
    private static func file(_ seed: UInt64) throws -> SampleFile {
        let shapes = SampleFile.Shape.allCases
        return try SampleFile(seed: seed, shape: shapes[Int(seed) % shapes.count])
    }

    private static func range(of file: SampleFile, _ random: inout SplitMix64) throws -> FileByteRange {
        let count = file.byteCount
        let start = UInt64.random(in: 0..<count, using: &random)
        let ends: [UInt64] = [count, start + 1, UInt64.random(in: start + 1...count, using: &random)]
        let starts: [UInt64] = [0, start, start, start]
        return try #require(
            FileByteRange(
                start: starts.randomElement(using: &random) ?? 0,
                end: ends.randomElement(using: &random) ?? 1
            )
        )
    }

    @Test(arguments: 0..<120 as Range<UInt64>)
    func `whole files`(seed: UInt64) throws {
        let file = try Self.file(seed)
        let rig = DownloadRig(seed: seed)
        #expect(try rig.run(file)?.get() == file.bytes)
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test(arguments: 0..<120 as Range<UInt64>)
    func `ranges`(seed: UInt64) throws {
        let file = try Self.file(seed)
        var random = SplitMix64(seed: seed)
        let range = try Self.range(of: file, &random)
        let rig = DownloadRig(seed: seed)
        #expect(try rig.run(file, range: range)?.get() == file.slice(range))
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `a fetch range for each term`(seed: UInt64) throws {
        let file = try Self.file(seed)
        let source = ScriptedReconstructionSource(file, isMerged: false)
        #expect(try DownloadRig(seed: seed).run(file, from: source)?.get() == file.bytes)
    }

    /// A server need not trim terms to chunks: the offset may span whole chunks.
    @Test(arguments: SampleFile.Cut.allCases, 0..<40 as Range<UInt64>)
    func `terms that are not trimmed`(cut: SampleFile.Cut, seed: UInt64) throws {
        let file = try Self.file(seed)
        var random = SplitMix64(seed: seed)
        for range in [file.whole, try Self.range(of: file, &random)] {
            let source = ScriptedReconstructionSource(file, cut: cut)
            let bytes = try DownloadRig(seed: seed).run(file, range: range, from: source)?.get()
            #expect(bytes == file.slice(range))
        }
    }

    @Test func `every byte of a small file alone`() throws {
        let file = try SampleFile(seed: 1, shape: .mixed, xorbCount: 2, chunkCount: 5, chunkByteCount: 9)
        for start in 0..<file.byteCount {
            let range = try #require(FileByteRange(start: start, end: start + 1))
            #expect(try DownloadRig(seed: start).run(file, range: range)?.get() == file.slice(range))
        }
    }

    @Test func `an empty range asks for nothing`() throws {
        let file = try Self.file(3)
        let source = ScriptedReconstructionSource(file)
        let range = try #require(FileByteRange(start: 5, end: 5))
        #expect(try DownloadRig().run(file, range: range, from: source)?.get() == [])
        #expect(source.calls.isEmpty)
    }

    @Test func `a plain file is fetched once, chunk for chunk`() throws {
        let file = try SampleFile(seed: 9, shape: .plain)
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 500, most: 3000)
        let rig = DownloadRig(budget: FetchBudget(byteCount: 4000, firstByteCount: 1000), configuration: configuration)
        let xorbs = ScriptedXorbSource(file)
        let source = ScriptedReconstructionSource(file)
        #expect(try rig.run(file, from: source, xorbs: xorbs)?.get() == file.bytes)
        #expect(source.calls.count > 3)
        #expect(xorbs.byteCount == file.xorbs.values.reduce(0) { $0 + $1.chunks.count })
    }

    @Test func `windows grow up to the most`() throws {
        let file = try SampleFile(ranges: [0..<200], chunkCount: 200, chunkByteCount: 100)
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 200, most: 3000)
        let rig = DownloadRig(
            budget: FetchBudget(byteCount: 100_000, firstByteCount: 400, firstFetchCount: 1),
            configuration: configuration
        )
        let source = ScriptedReconstructionSource(file)
        // A slow CDN, so that the reader has to wait.
        let clock = rig.clock
        let xorbs = ScriptedXorbSource(file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { _ in
                for _ in 0..<50 { await Task.yield() }
                clock.advance(by: .milliseconds(60))
            }
            return answer
        }
        #expect(try rig.run(file, from: source, xorbs: xorbs)?.get() == file.bytes)
        let sizes = source.calls.compactMap { $0.range?.count }
        #expect(sizes.first == 200)
        #expect(sizes.max().map { $0 > 200 && $0 <= 3000 } == true)
    }

    /// A CAS that is near is asked for one window after the other; one that is far for several at once.
    @Test(arguments: [(1, 1...1), (60, 9...16)])
    func `reconstructions are asked for as far ahead as the CAS is away`(
        milliseconds: Int,
        most: ClosedRange<Int>
    ) throws {
        let file = try SampleFile(ranges: [0..<200], chunkCount: 200, chunkByteCount: 100)
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 450, most: 450)
        let budget = FetchBudget(byteCount: 100_000, firstByteCount: 1800)
        let rig = DownloadRig(budget: budget, configuration: configuration)
        let clock = rig.clock
        let active = Watched(0)
        let mostActive = Watched(0)
        let source = ScriptedReconstructionSource(file) { _ in
            active.change { $0 += 1 }
            let count = active.value
            mostActive.change { $0 = max($0, count) }
            for _ in 0..<50 { await Task.yield() }
            clock.advance(by: .milliseconds(milliseconds))
            active.change { $0 -= 1 }
        }
        let xorbs = ScriptedXorbSource(file)
        #expect(try rig.run(file, from: source, xorbs: xorbs)?.get() == file.bytes)
        #expect(most.contains(mostActive.value))
        let needed = file.xorbs.values.reduce(0) { $0 + $1.chunks.count }
        // Borders that are guessed lie inside chunks, which come twice then.
        #expect(most == 1...1 ? xorbs.byteCount == needed : xorbs.byteCount > needed)
    }

    /// Windows that overlap, or lie in one another as a whole, since the CAS answers with more than it was asked for.
    @Test(arguments: SampleFile.Cut.allCases, 0..<40 as Range<UInt64>)
    func `windows of a CAS that is far away, and does not trim its terms`(cut: SampleFile.Cut, seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let file = try SampleFile(ranges: [0..<60, 10..<50, 20..<60], chunkCount: 60, chunkByteCount: 100, seed: seed)
        var configuration = FileDownloader.Configuration.test()
        let windowByteCount = Int.random(in: 30...700, using: &random)
        configuration.setWindows(first: windowByteCount, most: windowByteCount)
        let start = UInt64.random(in: 0..<file.byteCount, using: &random)
        let end = UInt64.random(in: start + 1...file.byteCount, using: &random)
        for range in [file.whole, try #require(FileByteRange(start: start, end: end))] {
            let budget = FetchBudget(byteCount: 100_000, firstByteCount: 8 * windowByteCount)
            let rig = DownloadRig(executor: StepExecutor(seed: seed), budget: budget, configuration: configuration)
            let clock = rig.clock
            let source = ScriptedReconstructionSource(file, cut: cut) { _ in
                clock.advance(by: .milliseconds(60))
            } changed: { call, answer in
                // Every other answer goes on for longer than it was asked to.
                guard call.number % 2 == 1, let asked = call.range,
                    let longer = FileByteRange(start: asked.start, end: min(file.byteCount, asked.end + 1500))
                else { return answer }
                return try file.reconstruction(longer, cut: cut, isMerged: true) {
                    "https://cdn.example/\($0)?generation=0"
                }
            }
            let delivered = try rig.run(file, range: range, from: source)?.get()
            #expect(delivered == Array(file.bytes[Int(range.start)..<Int(range.end)]))
        }
    }

    // MARK: Files in pieces

    /// Terms of these numbers of chunks; chunks between them keep the ranges apart.
    private static func pieces(_ counts: [Int]) throws -> SampleFile {
        var start = 0
        let ranges = counts.map { count in
            defer { start += count + 1 }
            return start..<start + count
        }
        return try SampleFile(ranges: ranges, chunkCount: start, chunkByteCount: 100)
    }

    private static func piecesRig(seed: UInt64 = 0) -> DownloadRig {
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 1000, most: 4000)
        return DownloadRig(
            executor: StepExecutor(seed: seed),
            budget: FetchBudget(byteCount: 100_000, firstByteCount: 8000),
            configuration: configuration
        )
    }

    /// A window that ends in a term leaves it to the next one.
    @Test(arguments: [1, 2, 20, 131, 350])
    func `a file in pieces takes one GET for each`(termCount: Int) throws {
        let file = try Self.pieces(Array(repeating: 3, count: termCount))
        for isMerged in [true, false] {
            let source = ScriptedReconstructionSource(file, isMerged: isMerged)
            let xorbs = ScriptedXorbSource(file)
            #expect(try Self.piecesRig().run(file, from: source, xorbs: xorbs)?.get() == file.bytes)
            #expect(xorbs.calls.count == termCount)
            #expect(xorbs.byteCount == termCount * 3 * 108)
            // Windows are longer than those of a file in one piece, since each costs a request.
            #expect(source.calls.count <= termCount / 6 + 2)
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `pieces of any size take one GET for each, and one for each window that had to cut one`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let counts = (0..<60).map { _ in Int.random(in: 1...15, using: &random) }
        let file = try Self.pieces(counts)
        let source = ScriptedReconstructionSource(file)
        let xorbs = ScriptedXorbSource(file)
        #expect(try Self.piecesRig(seed: seed).run(file, from: source, xorbs: xorbs)?.get() == file.bytes)
        #expect(xorbs.calls.count >= counts.count)
        #expect(xorbs.calls.count <= counts.count + source.calls.count)
        // Where one window ends the next begins, so nothing comes twice.
        #expect(xorbs.byteCount == counts.reduce(0, +) * 108)
    }

    /// Windows that are asked for before the one in front of them is known may cut one each.
    @Test(arguments: [20, 350])
    func `a file in pieces from afar takes few GETs more`(termCount: Int) throws {
        let file = try Self.pieces(Array(repeating: 3, count: termCount))
        let rig = Self.piecesRig()
        let clock = rig.clock
        let source = ScriptedReconstructionSource(file) { _ in clock.advance(by: .milliseconds(60)) }
        let xorbs = ScriptedXorbSource(file)
        #expect(try rig.run(file, from: source, xorbs: xorbs)?.get() == file.bytes)
        #expect(xorbs.calls.count >= termCount)
        #expect(xorbs.calls.count <= termCount + source.calls.count)
    }

    /// So much has its place at the same time, whatever the reader does: places are for bytes on the way.
    @Test func `small fetches lie ahead of a reader as far as their bytes allow`() throws {
        let file = try Self.pieces(Array(repeating: 3, count: 200))
        let gate = Watched(false)
        let sink = CollectingSink { _ in try await gate.wait { $0 } }
        let xorbs = ScriptedXorbSource(file)
        let rig = Self.piecesRig()
        let download = rig.start(file, from: ScriptedReconstructionSource(file), xorbs: xorbs, into: sink)
        rig.executor.runUntilIdle()
        // It wants 8,000 bytes, and four GETs: sixteen small ones would be 4,800 bytes.
        #expect(xorbs.calls.count >= 7700 / 300)
        #expect(xorbs.activeCount == 0)
        gate.change { $0 = true }
        rig.executor.runUntilIdle()
        #expect(download.value == file.bytes)
    }

    // MARK: Sizes and names that do not fit

    @Test func `a range beyond the file`() throws {
        let file = try Self.file(0)
        let range = try #require(FileByteRange(start: 0, end: file.byteCount + 1))
        let error = DownloadRig().run(file, range: range)?.failure as? XetError
        #expect(error?.code == .rangeNotSatisfiable)
    }

    @Test func `the empty file needs no request, another name cannot be empty`() throws {
        let file = try Self.file(0)
        let source = ScriptedReconstructionSource(file)
        let error = DownloadRig().run(file, byteCount: 0, from: source)?.failure as? XetError
        #expect(error?.code == .invalidResponse)
        #expect(source.calls.isEmpty)

        let downloader = FileDownloader(xorbs: ScriptedXorbSource(file), budget: FetchBudget())
        let executor = StepExecutor()
        let started = executor.start {
            let prepared = try await downloader.prepare(
                .zero,
                byteCount: 0,
                range: FileByteRange(count: 0),
                from: source
            )
            var sink = CollectingSink()
            try await prepared.stream(into: &sink)
            return sink.contents.bytes
        }
        executor.runUntilIdle()
        #expect(started.value == [])
        #expect(source.calls.isEmpty)
    }

    /// The Hub says one size, the terms another: never a clean end.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func `a wrong size fails before the end`(seed: UInt64) throws {
        let file = try Self.file(seed)
        let chunkEnd = UInt64(file.pieces[file.pieces.count / 2].start)
        for byteCount in Set([1, chunkEnd, file.byteCount - 1, file.byteCount + 1]) where byteCount > 0 {
            guard byteCount != file.byteCount else { continue }
            let sink = CollectingSink()
            let result = DownloadRig(seed: seed).run(file, byteCount: byteCount, into: sink)
            #expect(result?.failure is XetError)
            #expect(sink.contents.count < max(Int(byteCount), 1))
            #expect(file.bytes.starts(with: sink.contents.bytes))
        }
    }

    @Test func `an unknown file is reported before the first byte`() throws {
        let (file, other) = (try Self.file(0), try Self.file(1))
        let error = DownloadRig().run(file, from: ScriptedReconstructionSource(other))?.failure as? XetError
        #expect(error?.code == .notFound)
    }

    @Test func `a file that ends before the window`() throws {
        let file = try Self.file(0)
        let source = ScriptedReconstructionSource(file, changed: { _, _ in nil })
        let error = DownloadRig().run(file, from: source)?.failure as? XetError
        #expect(error?.code == .invalidResponse)
    }

    // MARK: The size from the reconstruction

    @Test func `the size of a file of which only the name is known`() throws {
        let file = try Self.file(5)
        let executor = StepExecutor()
        let source = ScriptedReconstructionSource(file)
        let downloader = FileDownloader(xorbs: ScriptedXorbSource(file), budget: FetchBudget())
        let size = executor.start { try await downloader.byteCount(of: file.hash, from: source) }
        executor.runUntilIdle()
        #expect(size.value == file.byteCount)
        #expect(source.calls.map(\.range) == [nil])

        let empty = executor.start { try await downloader.byteCount(of: .zero, from: source) }
        executor.runUntilIdle()
        #expect(empty.value == 0)
        #expect(source.calls.count == 1)
    }

    @Test func `a reconstruction of the whole that begins inside a term`() throws {
        let file = try Self.file(5)
        let source = ScriptedReconstructionSource(file) { _ in
        } changed: { _, answer in
            guard let answer else { return nil }
            return try Reconstruction(
                offsetIntoFirstTerm: 1,
                terms: answer.terms,
                fetches: answer.fetches.mapValues(\.infos)
            )
        }
        let executor = StepExecutor()
        let downloader = FileDownloader(xorbs: ScriptedXorbSource(file), budget: FetchBudget())
        let size = executor.start { try await downloader.byteCount(of: file.hash, from: source) }
        executor.runUntilIdle()
        #expect((size.error as? XetError)?.code == .invalidResponse)
    }
}

extension Result {
    /// The error of a failure.
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
