import NIOCore
import Testing
import XetAccess
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct FetchRunnerTests {
    private let executor = StepExecutor()
    private let budget = FetchBudget()
    private let clock = ManualClock(isJumping: true)

    /// Twelve chunks of 100 bytes that do not shrink.
    private static func file(_ ranges: [Range<Int>] = [0..<12]) throws -> SampleFile {
        try SampleFile(ranges: ranges, chunkCount: 12, chunkByteCount: 100)
    }

    private struct Run {
        let runner: FetchRunner
        let started: Started<Void>
        /// What came out of the queue, and how it ended.
        let batches: Started<[DecodedBatch]>
        let received: Watched<[DecodedBatch]>
    }

    private func environment(
        _ file: SampleFile,
        _ reconstruction: Reconstruction,
        _ xorbs: ScriptedXorbSource,
        _ source: ScriptedReconstructionSource? = nil,
        isHashing: Bool = false
    ) -> FetchRunner.Environment {
        FetchRunner.Environment(
            xorbs: xorbs,
            window: WindowFetches(
                reconstruction,
                file: file.hash,
                window: file.whole,
                source: source ?? ScriptedReconstructionSource(file)
            ),
            retry: RetryPolicy(maximumAttempts: 4),
            stall: nil,
            clock: clock,
            watch: Stopwatch(clock),
            account: budget.account(),
            isHashing: isHashing
        )
    }

    private func reconstruction(of file: SampleFile) throws -> Reconstruction {
        try #require(try file.reconstruction(file.whole) { "https://cdn.example/\($0)?generation=0" })
    }

    /// Runs the only fetch of a file.
    private func run(
        _ file: SampleFile,
        _ xorbs: ScriptedXorbSource,
        source: ScriptedReconstructionSource? = nil,
        isHashing: Bool = true
    ) throws -> Run {
        let reconstruction = try reconstruction(of: file)
        let plan = try DownloadPlan(reconstruction, window: file.whole, retainedByteLimit: 1 << 20)
        let runner = FetchRunner(try #require(plan.fetches.first), room: Self.room(1 << 20))
        let environment = environment(file, reconstruction, xorbs, source, isHashing: isHashing)
        let received = Watched<[DecodedBatch]>([])
        return Run(
            runner: runner,
            started: executor.start { await runner.run(with: environment) },
            batches: executor.start {
                while let batch = try await runner.batches.next() {
                    received.change { $0.append(batch) }
                }
                return received.value
            },
            received: received
        )
    }

    private static func room(_ byteCount: Int, connection: Int = 0) -> FetchRunner.Room {
        FetchRunner.Room(
            queueByteCount: byteCount,
            leastQueueByteCount: byteCount,
            connectionByteCount: connection
        )
    }

    private func bytes(_ batches: [DecodedBatch]) -> [UInt8] { batches.flatMap { Array($0.bytes.readableBytesView) } }

    @Test(arguments: [1, 7, 8, 9, 107, 108, 109, 1000, 10_000])
    func `chunks come in order from pieces of any size`(pieceByteCount: Int) throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = pieceByteCount
            return answer
        }
        let run = try run(file, xorbs)
        #expect(!run.runner.isStarted)
        executor.runUntilIdle()
        #expect(run.runner.isStarted)
        let batches = try #require(run.batches.value)
        #expect(bytes(batches) == file.bytes)
        let chunks = batches.flatMap(\.chunks)
        #expect(chunks.map(\.index) == Array(0..<12))
        #expect(chunks.map(\.byteCount) == Array(repeating: 100, count: 12))
        #expect(chunks.map(\.hash) == (0..<12).map { ChunkHash(ofChunk: Array(file.bytes[100 * $0..<100 * $0 + 100])) })
        #expect(xorbs.calls.count == 1)
    }

    @Test func `hashes are made only when they are needed`() throws {
        let file = try Self.file()
        let run = try run(file, ScriptedXorbSource(file), isHashing: false)
        executor.runUntilIdle()
        #expect(run.batches.value?.flatMap(\.chunks).map(\.hash) == Array(repeating: nil, count: 12))
    }

    @Test func `unused chunks are skipped, and what comes after the last is not waited for`() throws {
        let part = try SampleFile(ranges: [1..<3, 6..<8], chunkCount: 12, chunkByteCount: 100)
        let all = try #require(ChunkRange(start: 0, end: 12))
        let xorb = try #require(part.terms.first?.xorb)
        let bytes = try #require(part.xorbs[xorb]?.index.serializedRange(of: all))
        let wide = try Reconstruction(
            offsetIntoFirstTerm: 0,
            terms: part.terms,
            fetches: [
                xorb: [FetchInfo(chunks: all, bytes: bytes, url: SignedURL("https://cdn.example/\(xorb)?generation=0"))]
            ]
        )
        let plan = try DownloadPlan(wide, window: part.whole, retainedByteLimit: 0)
        let runner = FetchRunner(plan.fetches[0], room: Self.room(1 << 20))
        let xorbs = ScriptedXorbSource(part) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            // Chunk 8 and what follows never comes.
            answer.before = { offset in if offset >= 8 * 108 { try await Watched(false).wait { $0 } } }
            return answer
        }
        let environment = environment(part, wide, xorbs)
        let started = executor.start { await runner.run(with: environment) }
        executor.runUntilIdle()
        #expect(!started.isWaiting)
        let chunks = executor.start {
            var bytes: [UInt8] = []
            while let batch = try await runner.batches.next() { bytes += batch.bytes.readableBytesView }
            return bytes
        }
        executor.runUntilIdle()
        #expect(chunks.value == part.bytes)
    }

    @Test func `a broken connection resumes without giving a chunk twice`() throws {
        let file = try Self.file()
        // In the middle of chunk 3, of chunk 7, at the start of chunk 11.
        let ends: [Int] = [3 * 108 + 60, 7 * 108 + 3, 11 * 108]
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 50
            answer.truncation = call.number < ends.count ? ends[call.number] : nil
            return answer
        }
        let run = try run(file, xorbs)
        executor.runUntilIdle()
        #expect(bytes(try #require(run.batches.value)) == file.bytes)
        #expect(xorbs.calls.count == 4)
        // The signed range is sent unchanged.
        #expect(Set(xorbs.calls.map(\.info)).count == 1)
        // Progress starts the count of failures anew.
        #expect(clock.sleeps.count == 3)
        #expect(clock.sleeps.allSatisfy { (delay: Duration) in delay < RetryPolicy().baseDelay })
    }

    @Test func `failures in a row that bring nothing are final`() throws {
        let file = try Self.file()
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.truncation = 5 * 108 }
            if call.number > 0 {
                let failure = UpstreamFailure(status: 503, retryAfter: 3)
                answer.refusal = XetError(.unavailable, "later", response: failure)
            }
            return answer
        }
        let run = try run(file, xorbs)
        executor.runUntilIdle()
        #expect((run.batches.error as? XetError)?.code == .unavailable)
        #expect(bytes(run.received.value) == Array(file.bytes.prefix(500)))
        // The one that brought five chunks is the first of four.
        #expect(xorbs.calls.count == 4)
        #expect(clock.sleeps.dropFirst().allSatisfy { $0 == .seconds(3) })
    }

    @Test func `what cannot pass is not repeated`() throws {
        let file = try Self.file()
        for code in [XetError.Code.notFound, .forbidden, .invalidResponse] {
            let xorbs = ScriptedXorbSource(file) { _ in
                var answer = ScriptedXorbSource.Answer()
                answer.refusal = XetError(code, "no")
                return answer
            }
            let run = try run(file, xorbs)
            executor.runUntilIdle()
            #expect((run.batches.error as? XetError)?.code == code)
            #expect(xorbs.calls.count == 1)
        }
    }

    @Test func `an expired address is renewed at once`() throws {
        let file = try Self.file()
        // The address of the plan and the first of the source would be equal.
        let source = ScriptedReconstructionSource(file, firstGeneration: 1)
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.truncation = 4 * 108 }
            if call.number == 1 { answer.refusal = XetError(.expired, "too late") }
            return answer
        }
        let run = try run(file, xorbs, source: source)
        executor.runUntilIdle()
        #expect(bytes(try #require(run.batches.value)) == file.bytes)
        #expect(source.calls.count == 1)
        #expect(xorbs.calls.count == 3)
    }

    @Test func `a renewal that fails is tried again`() throws {
        let file = try Self.file()
        let source = ScriptedReconstructionSource(
            file,
            firstGeneration: 1,
            before: { call in
                if call.number == 0 { throw XetError(.unavailable, "not now") }
            }
        )
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.refusal = XetError(.expired, "too late") }
            return answer
        }
        let run = try run(file, xorbs, source: source)
        executor.runUntilIdle()
        #expect(bytes(try #require(run.batches.value)) == file.bytes)
        #expect(source.calls.count == 2)
        #expect(xorbs.calls.count == 2)
    }

    @Test func `addresses that stay refused are final`() throws {
        let file = try Self.file()
        let source = ScriptedReconstructionSource(file, firstGeneration: 1)
        let xorbs = ScriptedXorbSource(file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.refusal = XetError(.expired, "too late")
            return answer
        }
        let run = try run(file, xorbs, source: source)
        executor.runUntilIdle()
        #expect((run.batches.error as? XetError)?.code == .expired)
        #expect(xorbs.calls.count == 4)
        #expect(source.calls.count == 3)
    }

    /// Damage to a range of twelve chunks of 108 serialized bytes.
    enum Damage: CaseIterable {
        case version, scheme, packedLength, unpackedLength, missingChunk, extraChunk, footer, lastByte
    }

    @Test(arguments: Damage.allCases)
    func `damaged bytes are asked for again, then refused`(damage: Damage) throws {
        let file = try Self.file()
        for isLasting in [false, true] {
            let xorbs = ScriptedXorbSource(file) { call in
                var answer = ScriptedXorbSource.Answer()
                guard isLasting || call.number == 0 else { return answer }
                answer.damage = { bytes in Self.apply(damage, to: &bytes) }
                return answer
            }
            let run = try run(file, xorbs)
            executor.runUntilIdle()
            guard isLasting else {
                #expect(bytes(try #require(run.batches.value)) == file.bytes)
                #expect(xorbs.calls.count == (damage == .extraChunk || damage == .footer ? xorbs.calls.count : 2))
                continue
            }
            if damage == .extraChunk || damage == .footer {
                // All that is needed had come before.
                #expect(bytes(run.received.value) == file.bytes)
                continue
            }
            let error = try #require(run.batches.error as? XetError)
            #expect(error.code == .corrupt)
            #expect(error.cause is XorbError)
            #expect(xorbs.calls.count == 4)
        }
    }

    private static func apply(_ damage: Damage, to bytes: inout [UInt8]) {
        let third = 2 * 108
        switch damage {
        case .version: bytes[third] = 1
        case .scheme: bytes[third + 4] = 77
        case .packedLength: bytes[third + 1] += 1
        case .unpackedLength: bytes[third + 5] += 1
        case .missingChunk: bytes.removeLast(108)
        case .extraChunk: bytes += bytes[..<108]
        case .footer: bytes += Array("XETBLOB".utf8) + [1]
        case .lastByte: bytes.removeLast()
        }
    }

    @Test func `the queue holds a slow reader's fetch back`() throws {
        let file = try Self.file()
        let reconstruction = try reconstruction(of: file)
        let plan = try DownloadPlan(reconstruction, window: file.whole, retainedByteLimit: 0)
        let runner = FetchRunner(plan.fetches[0], room: Self.room(250))
        #expect(runner.reservedByteCount == 250)
        let xorbs = ScriptedXorbSource(file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            return answer
        }
        let environment = environment(file, reconstruction, xorbs)
        let started = executor.start { await runner.run(with: environment) }
        executor.runUntilIdle()
        #expect(started.isWaiting)
        #expect(xorbs.byteCount == 2 * 108)
        let reader = executor.start { try await runner.batches.next() }
        executor.runUntilIdle()
        #expect(reader.value != nil)
        #expect(xorbs.byteCount == 3 * 108)

        started.cancel()
        executor.runUntilIdle()
        #expect(!started.isWaiting)
        #expect(xorbs.activeCount == 0)
    }

    @Test func `what must be kept is reserved in full`() throws {
        let file = try Self.file([0..<12, 0..<12])
        let reconstruction = try reconstruction(of: file)
        let plan = try DownloadPlan(reconstruction, window: file.whole, retainedByteLimit: 1200)
        #expect(FetchRunner(plan.fetches[0], room: Self.room(250)).reservedByteCount == 1200)
    }
}
