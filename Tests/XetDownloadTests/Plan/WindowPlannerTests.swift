import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct WindowPlannerTests {
    private let executor = StepExecutor()
    private let clock = ManualClock()

    /// Terms of five chunks of 100 bytes, each fetched by itself.
    private static func file(termCount: Int = 8) throws -> SampleFile {
        try SampleFile(
            ranges: (0..<termCount).map { 6 * $0..<6 * $0 + 5 },
            chunkCount: 6 * termCount,
            chunkByteCount: 100
        )
    }

    private func planner(
        _ file: SampleFile,
        _ range: FileByteRange? = nil,
        _ source: ScriptedReconstructionSource? = nil
    ) -> WindowPlanner {
        WindowPlanner(
            file: file.hash,
            range: range ?? file.whole,
            source: source ?? ScriptedReconstructionSource(file),
            configuration: .test()
        )
    }

    private func plan(_ start: UInt64, _ end: UInt64, _ planner: WindowPlanner) throws -> PlannedWindow {
        let window = try #require(FileByteRange(start: start, end: end))
        let watch = Stopwatch(clock)
        let started = executor.start { try await planner.plan(window, watch) }
        executor.runUntilIdle()
        return try #require(try started.result?.get())
    }

    @Test func `a window knows how long its answer took, and how far it is spread`() throws {
        let file = try Self.file()
        let clock = clock
        let source = ScriptedReconstructionSource(file) { _ in clock.advance(by: .milliseconds(30)) }
        let window = try plan(0, 4000, planner(file, nil, source))
        #expect(window.latency == .milliseconds(30))
        #expect(window.spread == 8)
        #expect(try plan(500, 1000, planner(file)).spread == 1)
        #expect(try plan(0, 750, planner(file)).spread == 1.6)
    }

    @Test func `a term that is cut is left to the next window`() throws {
        let file = try Self.file()
        let planner = planner(file)
        let window = try plan(0, 1200, planner)
        #expect(window.plan.end == 1200)
        #expect(window.asked == FileByteRange(count: 1200))
        let whole = planner.withoutCutTerm(window)
        #expect(whole.plan.end == 1000)
        #expect(whole.plan.fetches.count == 2)
        #expect(whole.latency == window.latency)
        #expect(whole.asked == window.asked)
    }

    @Test func `not at the end of the range, where nothing comes after it`() throws {
        let file = try Self.file()
        let planner = planner(file)
        #expect(planner.withoutCutTerm(try plan(2000, 4000, planner)).plan.end == 4000)
        let part = self.planner(file, FileByteRange(start: 100, end: 1200))
        #expect(part.withoutCutTerm(try plan(100, 1200, part)).plan.end == 1200)
    }

    /// An answer may begin long before the window, by terms of which nothing is needed.
    @Test(arguments: [1, 2, 4])
    func `what is left of a window lies behind its start`(passedCount: Int) throws {
        let file = try Self.file()
        let range = try #require(FileByteRange(start: UInt64(passedCount * 500), end: file.byteCount))
        let source = ScriptedReconstructionSource(
            file,
            changed: { _, answer in
                // The terms before it are sent again.
                guard let answer, answer.offsetIntoFirstTerm == 0,
                    let all = try file.reconstruction(file.whole, address: { "https://cdn.example/\($0)?generation=0" })
                else { return answer }
                return try Reconstruction(
                    offsetIntoFirstTerm: UInt64(passedCount * 500),
                    terms: Array(all.terms.prefix(passedCount)) + answer.terms,
                    fetches: all.fetches.mapValues(\.infos)
                )
            }
        )
        let planner = planner(file, file.whole, source)
        let window = try plan(range.start, range.start + 200, planner)
        #expect(window.plan.terms.count == passedCount + 1)
        #expect(planner.withoutCutTerm(window).plan.end > range.start)
    }

    @Test func `it may plan up to a place in the range`() throws {
        let file = try Self.file()
        let part = planner(file, FileByteRange(start: 100, end: 2000))
        for (end, expected) in [(0, 100), (100, 100), (700, 700), (2000, 2000), (9000, 2000)] as [(UInt64, UInt64)] {
            #expect(part.reading(upTo: end).range == FileByteRange(start: 100, end: expected))
        }
    }

    @Test func `the end of the file before the window is no answer`() throws {
        let file = try Self.file()
        let planner = planner(file)
        let window = try #require(FileByteRange(start: 4000, end: 4001))
        let watch = Stopwatch(clock)
        let started = executor.start { try await planner.plan(window, watch) }
        executor.runUntilIdle()
        #expect((started.error as? XetError)?.code == .invalidResponse)
    }
}
