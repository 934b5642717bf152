import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct SharedFetchTests {
    /// Three ranges of a xorb of twelve chunks, each of 108 serialized bytes; the list is of 648.
    private static let ranges = [0..<2, 4..<6, 8..<10]
    private static let listByteCount = 648

    private static func file(_ ranges: [Range<Int>] = ranges) throws -> SampleFile {
        try SampleFile(ranges: ranges, chunkCount: 12, chunkByteCount: 100)
    }

    private static func chunks(_ xorbs: ScriptedXorbSource) -> [[Range<Int>]] {
        xorbs.calls.map { call in call.infos.map { $0.chunks.start..<$0.chunks.end } }
    }

    private static func isShared(_ call: ScriptedXorbSource.Call) -> Bool { call.infos.count > 1 }

    @Test(arguments: [1, 50, 108, 1000])
    func `all ranges of a URL come with one GET`(pieceByteCount: Int) throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file, answersLists: true) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = pieceByteCount
            return answer
        }
        let rig = DownloadRig()
        #expect(try rig.run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(Self.chunks(xorbs) == [Self.ranges])
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test func `a host that does not answer lists is asked for each range`() throws {
        let file = try Self.file()
        let go = Watched(false)
        let xorbs = ScriptedXorbSource(file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { _ in try await go.wait { $0 } }
            return answer
        }
        let rig = DownloadRig()
        let started = rig.start(file, from: ScriptedReconstructionSource(file), xorbs: xorbs)
        rig.executor.runUntilIdle()
        // All at once: none waits for another.
        #expect(Self.chunks(xorbs) == Self.ranges.map { [$0] })
        go.change { $0 = true }
        rig.executor.runUntilIdle()
        #expect(started.value == file.bytes)
    }

    @Test(arguments: [[4..<6, 0..<2], [0..<2, 8..<10, 4..<6], [8..<9, 4..<5, 0..<1]])
    func `in another order than the file's ranges are fetched apart`(ranges: [Range<Int>]) throws {
        let file = try Self.file(ranges)
        let xorbs = ScriptedXorbSource(file, answersLists: true)
        #expect(try DownloadRig().run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(Self.chunks(xorbs) == ranges.map { [$0] })
    }

    @Test(arguments: [Self.listByteCount, Self.listByteCount - 1])
    func `long ranges are fetched side by side`(limit: Int) throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file, answersLists: true)
        var rig = DownloadRig()
        rig.configuration.mostSharedByteCount = limit
        #expect(try rig.run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(xorbs.calls.count == (limit < Self.listByteCount ? 3 : 1))
    }

    @Test func `a list that is not needed whole is fetched apart`() throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file, answersLists: true)
        let range = try #require(FileByteRange(start: 0, end: 400))
        // The CAS signs a range more than the terms need.
        let source = ScriptedReconstructionSource(
            file,
            changed: { _, _ in
                let whole = try file.reconstruction(file.whole) { "https://cdn.example/\($0)?generation=0" }
                return try whole.map {
                    try Reconstruction(
                        offsetIntoFirstTerm: 0,
                        terms: $0.terms.dropLast(),
                        fetches: $0.fetches.mapValues(\.infos)
                    )
                }
            }
        )
        let answer = try DownloadRig().run(file, range: range, from: source, xorbs: xorbs)?.get()
        #expect(answer == Array(file.bytes.prefix(400)))
        #expect(Self.chunks(xorbs) == [[0..<2], [4..<6]])
    }

    // MARK: Failures

    @Test(arguments: 0..<Self.listByteCount)
    func `where it breaks the ranges go on alone`(truncation: Int) throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file, answersLists: true) { call in
            var answer = ScriptedXorbSource.Answer()
            if Self.isShared(call) { answer.truncation = truncation }
            return answer
        }
        let rig = DownloadRig()
        #expect(try rig.run(file, xorbs: xorbs)?.get() == file.bytes)
        // Whole ranges are not asked for again, and those of which the last chunk is there neither.
        let rest = Self.ranges.dropFirst(truncation / 216)
        #expect(Self.chunks(xorbs).dropFirst() == rest.map { [$0] }[...])
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test(arguments: [XetError.Code.unavailable, .rateLimited, .timedOut, .connectionFailed, .expired, .corrupt])
    func `a GET that fails is no failure of the download`(code: XetError.Code) throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file, answersLists: true) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.generation == 0, Self.isShared(call) || code == .expired { answer.refusal = XetError(code, "no") }
            return answer
        }
        let source = ScriptedReconstructionSource(file)
        #expect(try DownloadRig().run(file, from: source, xorbs: xorbs)?.get() == file.bytes)
        #expect(xorbs.calls.count == 4)
        #expect(source.calls.count == (code == .expired ? 2 : 1))
    }

    @Test func `what is final is the failure of each range`() throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file, answersLists: true) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.refusal = XetError(.notFound, "gone")
            return answer
        }
        let rig = DownloadRig()
        let error = rig.run(file, xorbs: xorbs)?.failure
        #expect((error as? XetError)?.code == .notFound)
        #expect(xorbs.calls.count == 1)
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test(arguments: [0, 216, 324, 540])
    func `damage ends the GET, and the ranges before it stay`(place: Int) throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file, answersLists: true) { call in
            var answer = ScriptedXorbSource.Answer()
            if Self.isShared(call) { answer.damage = { $0[place + 4] = 99 } }
            return answer
        }
        #expect(try DownloadRig().run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(Self.chunks(xorbs).dropFirst() == Self.ranges.dropFirst(place / 216).map { [$0] }[...])
    }

    @Test func `a GET that stalls is given up for one of each range`() throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file, answersLists: true) { call in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            if Self.isShared(call) {
                answer.before = { offset in if offset >= 324 { try await Watched(false).wait { $0 } } }
            }
            return answer
        }
        var rig = DownloadRig()
        rig.configuration.stall = StallPolicy()
        #expect(try rig.run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(Self.chunks(xorbs).dropFirst() == [[4..<6], [8..<10]])
        #expect(xorbs.cancelledCount == 1 && xorbs.activeCount == 0)
    }

    // MARK: Any download

    /// Whatever the shape, the limits and the faults are.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func `any file with any faults`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let shapes = SampleFile.Shape.allCases
        let file = try SampleFile(seed: seed, shape: shapes[Int(seed) % shapes.count])
        let faultRate = Int.random(in: 2...6, using: &random)
        let pieceByteCount = Int.random(in: 1...2000, using: &random)
        let xorbs = ScriptedXorbSource(file, answersLists: true) { call in
            var random = SplitMix64(seed: seed &* 1000 &+ UInt64(call.number))
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = pieceByteCount
            guard call.repetition == 0, Int.random(in: 0..<faultRate, using: &random) == 0 else { return answer }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: answer.refusal = XetError(.unavailable, "busy")
            case 1: answer.refusal = XetError(.expired, "late")
            case 2: answer.truncation = Int.random(in: 0...2000, using: &random)
            default: answer.damage = { $0[0] = 9 }
            }
            return answer
        }
        var rig = DownloadRig(seed: seed)
        rig.configuration.mostSharedByteCount = [300, 3000, 1 << 20].randomElement(using: &random) ?? 0
        #expect(try rig.run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(rig.budget.reservedByteCount == 0)
        #expect(xorbs.activeCount == 0)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `cancelling at any step`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let file = try SampleFile(seed: seed, shape: .scattered)
        let rig = DownloadRig(seed: seed)
        let xorbs = ScriptedXorbSource(file, answersLists: true) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 50
            return answer
        }
        let started = rig.start(file, from: ScriptedReconstructionSource(file), xorbs: xorbs)
        rig.executor.run(Int.random(in: 0..<400, using: &random))
        started.cancel()
        rig.executor.runUntilIdle()
        #expect(!started.isWaiting)
        #expect(xorbs.activeCount == 0)
        #expect(rig.budget.reservedByteCount == 0)
    }
}
