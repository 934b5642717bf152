import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct FetchRunnerTests {
    private let executor = StepExecutor()
    private let budget = FetchBudget(placeByteCount: 10)
    private let clock = ManualClock(isJumping: true)

    private struct Run {
        let lane: FetchLane
        let started: Started<Void>
        /// What came out of the lane, and how it ended.
        let reader: Started<Void>?
        let received: Watched<[DecodedChunk]>

        var bytes: [UInt8] { received.value.flatMap(\.bytes) }
    }

    /// Fetches, and reads all uses unless it is not read.
    private func run(
        _ fetch: SampleFetch,
        _ xorbs: ScriptedXorbSource,
        source: ScriptedReconstructionSource? = nil,
        room: Int = 1 << 20,
        retry: RetryPolicy = RetryPolicy(maximumAttempts: 4),
        stalls: StallWatch? = nil,
        isHashing: Bool = true,
        isRead: Bool = true
    ) -> Run {
        let account = budget.account()
        let lane = FetchLane(
            fetch.plan,
            ordinal: 0,
            room: FetchLane.Room(byteCount: room, leastByteCount: room),
            account: account,
            watch: Stopwatch(clock)
        )
        let runner = FetchRunner(
            lane: lane,
            environment: FetchRunner.Environment(
                xorbs: xorbs,
                window: WindowFetches(
                    fetch.reconstruction,
                    file: fetch.file.hash,
                    window: fetch.file.whole,
                    source: source ?? ScriptedReconstructionSource(fetch.file)
                ),
                retry: retry,
                stalls: stalls,
                clock: clock,
                watch: Stopwatch(clock),
                account: account,
                unpackers: UnpackerPool(),
                isHashing: isHashing
            )
        )
        let received = Watched<[DecodedChunk]>([])
        let started = executor.start {
            try await lane.takePlace()
            await runner.run()
        }
        let uses = fetch.uses
        let reader = isRead ? executor.start { try await Self.read(uses, from: lane, into: received) } : nil
        return Run(lane: lane, started: started, reader: reader, received: received)
    }

    private static func read(_ uses: [Int], from lane: FetchLane, into received: Watched<[DecodedChunk]>) async throws {
        for use in uses {
            while true {
                if let chunk = try lane.chunk(use) {
                    received.change { $0.append(chunk) }
                    lane.leave(use, byteCount: chunk.byteCount)
                    break
                }
                try await lane.waitForChunk(use)
            }
        }
    }

    @Test(arguments: [1, 7, 8, 9, 107, 108, 109, 1000, 10_000])
    func `chunks come in order from pieces of any size`(pieceByteCount: Int) throws {
        let fetch = try SampleFetch()
        let xorbs = ScriptedXorbSource(fetch.file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = pieceByteCount
            return answer
        }
        let run = run(fetch, xorbs)
        executor.runUntilIdle()
        #expect(run.reader?.value != nil)
        #expect(run.bytes == fetch.file.bytes)
        #expect(run.received.value.map(\.byteCount) == Array(repeating: 100, count: 12))
        #expect(run.received.value.map(\.hash) == (0..<12).map { ChunkHash(ofChunk: fetch.bytes(of: $0)) })
        #expect(xorbs.calls.count == 1)
        #expect(!run.started.isWaiting)
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `hashes are made only when they are needed`() throws {
        let fetch = try SampleFetch()
        let run = run(fetch, ScriptedXorbSource(fetch.file), isHashing: false)
        executor.runUntilIdle()
        #expect(run.received.value.map(\.hash) == Array(repeating: nil, count: 12))
    }

    @Test func `unused chunks are skipped, and what comes after the last is not waited for`() throws {
        let fetch = try SampleFetch([1..<3, 6..<8])
        let xorbs = ScriptedXorbSource(fetch.file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            // Chunk 8 and what follows never comes.
            answer.before = { offset in if offset >= 8 * 108 { try await Watched(false).wait { $0 } } }
            return answer
        }
        let run = run(fetch, xorbs)
        executor.runUntilIdle()
        #expect(!run.started.isWaiting)
        #expect(run.bytes == fetch.file.bytes)
        #expect(xorbs.activeCount == 0)
    }

    // MARK: Memory

    @Test func `memory is asked for when the first piece is there, not before`() throws {
        let fetch = try SampleFetch()
        let head = Watched(false)
        let xorbs = ScriptedXorbSource(fetch.file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { _ in try await head.wait { $0 } }
            return answer
        }
        let run = run(fetch, xorbs)
        executor.runUntilIdle()
        #expect(xorbs.activeCount == 1)
        #expect(budget.reservedByteCount == 10)
        head.change { $0 = true }
        executor.runUntilIdle()
        #expect(run.bytes == fetch.file.bytes)
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `nothing more is read while there is no memory`() throws {
        let fetch = try SampleFetch()
        let hog = budget.account()
        let all = executor.start {
            try await hog.bytes(for: .init(ordinal: 0, byteCount: 256 << 20, leastByteCount: 1))
        }
        executor.runUntilIdle()
        #expect(all.value != nil)
        let xorbs = ScriptedXorbSource(fetch.file)
        hog.release(held: 10)
        let run = run(fetch, xorbs, isRead: false)
        executor.runUntilIdle()
        #expect(xorbs.activeCount == 1)
        #expect(xorbs.byteCount == 0)
        hog.close()
        executor.runUntilIdle()
        #expect(!run.started.isWaiting)
        #expect(run.lane.isComplete)
    }

    @Test func `the lane holds a slow reader's fetch back`() throws {
        let fetch = try SampleFetch()
        let xorbs = ScriptedXorbSource(fetch.file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            return answer
        }
        let run = run(fetch, xorbs, room: 250, isRead: false)
        executor.runUntilIdle()
        #expect(run.started.isWaiting)
        #expect(budget.reservedByteCount == 260)
        #expect(xorbs.byteCount == 2 * 108)
        let reader = executor.start { try await Self.read([0], from: run.lane, into: run.received) }
        executor.runUntilIdle()
        #expect(reader.value != nil)
        #expect(xorbs.byteCount == 3 * 108)

        run.started.cancel()
        executor.runUntilIdle()
        #expect(!run.started.isWaiting)
        #expect(xorbs.activeCount == 0)
        run.lane.close()
        #expect(budget.reservedByteCount == 0)
    }

    /// It is not the reader that ends it.
    @Test(arguments: [[0..<12], [0..<12, 0..<12], [1..<3, 6..<8]])
    func `a GET whose bytes have all come is over`(ranges: [Range<Int>]) throws {
        let fetch = try SampleFetch(ranges)
        let run = run(fetch, ScriptedXorbSource(fetch.file), isRead: false)
        executor.runUntilIdle()
        #expect(!run.started.isWaiting)
        #expect(budget.reservedByteCount == fetch.plan.usedByteCount)
        let uses = fetch.uses
        let reader = executor.start { try await Self.read(uses, from: run.lane, into: run.received) }
        executor.runUntilIdle()
        #expect(reader.value != nil)
        #expect(run.bytes == fetch.file.bytes)
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `between two GETs it holds what is there, and its place`() throws {
        let fetch = try SampleFetch()
        let second = Watched(false)
        let xorbs = ScriptedXorbSource(fetch.file) { call in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            if call.number == 0 { answer.truncation = 3 * 108 }
            if call.number == 1 { answer.before = { _ in try await second.wait { $0 } } }
            return answer
        }
        let run = run(fetch, xorbs, isRead: false)
        executor.runUntilIdle()
        #expect(xorbs.calls.count == 2)
        #expect(budget.reservedByteCount == 310)
        second.change { $0 = true }
        executor.runUntilIdle()
        #expect(!run.started.isWaiting)
        #expect(budget.reservedByteCount == 1200)
        run.lane.close()
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `a lane that is closed ends its GET`() throws {
        let fetch = try SampleFetch()
        let xorbs = ScriptedXorbSource(fetch.file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            return answer
        }
        let run = run(fetch, xorbs, room: 250, isRead: false)
        executor.runUntilIdle()
        #expect(run.started.isWaiting)
        run.lane.close()
        executor.runUntilIdle()
        #expect(!run.started.isWaiting)
        #expect(xorbs.activeCount == 0)
        #expect(xorbs.calls.count == 1)
        #expect(budget.reservedByteCount == 0)
    }

    // MARK: Two GETs

    /// A GET that stalls after some bytes, and one beside it that is faster.
    @Test(arguments: [0, 1, 5])
    func `one that stalls has another beside it, which goes on from where it is`(stalledAt chunk: Int) throws {
        let fetch = try SampleFetch()
        let clock = ManualClock()
        let deadlines = DeadlineWatch()
        let stalls = StallWatch(
            policy: StallPolicy(silence: .seconds(3)),
            deadlines: deadlines,
            hedges: HedgeAllowance(),
            watch: Stopwatch(clock)
        )
        let looking = executor.start { try await deadlines.run(clock: clock) }
        let xorbs = ScriptedXorbSource(fetch.file) { call in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            if call.number == 0 {
                answer.before = { offset in if offset >= chunk * 108 { try await Watched(false).wait { $0 } } }
            }
            return answer
        }
        let run = run(fetch, xorbs, stalls: stalls)
        for _ in 0..<3 {
            executor.runUntilIdle()
            #expect(xorbs.calls.count == 1)
            #expect(run.received.value.count == chunk)
            clock.advance(by: .seconds(1))
        }
        executor.runUntilIdle()
        #expect(xorbs.calls.count == 2)
        #expect(run.bytes == fetch.file.bytes)
        #expect(!run.started.isWaiting)
        #expect(xorbs.cancelledCount == 1)
        #expect(budget.reservedByteCount == 0)
        looking.cancel()
        executor.runUntilIdle()
    }

    // MARK: Failures

    @Test func `a broken connection resumes without giving a chunk twice`() throws {
        let fetch = try SampleFetch()
        // In the middle of chunk 3, of chunk 7, at the start of chunk 11.
        let ends: [Int] = [3 * 108 + 60, 7 * 108 + 3, 11 * 108]
        let xorbs = ScriptedXorbSource(fetch.file) { call in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 50
            answer.truncation = call.number < ends.count ? ends[call.number] : nil
            return answer
        }
        let run = run(fetch, xorbs)
        executor.runUntilIdle()
        #expect(run.reader?.value != nil)
        #expect(run.bytes == fetch.file.bytes)
        #expect(xorbs.calls.count == 4)
        // The signed range is sent unchanged.
        #expect(Set(xorbs.calls.map(\.info)).count == 1)
        // Progress starts the count of failures anew.
        #expect(clock.sleeps.count == 3)
        #expect(clock.sleeps.allSatisfy { (delay: Duration) in delay < RetryPolicy().baseDelay })
    }

    @Test func `failures in a row that bring nothing are final`() throws {
        let fetch = try SampleFetch()
        let xorbs = ScriptedXorbSource(fetch.file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.truncation = 5 * 108 }
            if call.number > 0 {
                let failure = UpstreamFailure(status: 503, retryAfter: 3)
                answer.refusal = XetError(.unavailable, "later", response: failure)
            }
            return answer
        }
        let run = run(fetch, xorbs)
        executor.runUntilIdle()
        #expect((run.reader?.error as? XetError)?.code == .unavailable)
        #expect(run.bytes == Array(fetch.file.bytes.prefix(500)))
        // The one that brought five chunks is the first of four.
        #expect(xorbs.calls.count == 4)
        #expect(clock.sleeps.dropFirst().allSatisfy { $0 >= .seconds(3) && $0 < .seconds(5) })
        run.lane.close()
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `what cannot pass is not repeated`() throws {
        let fetch = try SampleFetch()
        for code in [XetError.Code.notFound, .forbidden, .invalidResponse] {
            let xorbs = ScriptedXorbSource(fetch.file) { _ in
                var answer = ScriptedXorbSource.Answer()
                answer.refusal = XetError(code, "no")
                return answer
            }
            let run = run(fetch, xorbs)
            executor.runUntilIdle()
            #expect((run.reader?.error as? XetError)?.code == code)
            #expect(xorbs.calls.count == 1)
            #expect(!run.started.isWaiting)
        }
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `an expired address is renewed at once`() throws {
        let fetch = try SampleFetch()
        // The address of the plan and the first of the source would be equal.
        let source = ScriptedReconstructionSource(fetch.file, firstGeneration: 1)
        let xorbs = ScriptedXorbSource(fetch.file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.truncation = 4 * 108 }
            if call.number == 1 { answer.refusal = XetError(.expired, "too late") }
            return answer
        }
        let run = run(fetch, xorbs, source: source)
        executor.runUntilIdle()
        #expect(run.reader?.value != nil)
        #expect(run.bytes == fetch.file.bytes)
        #expect(source.calls.count == 1)
        #expect(xorbs.calls.count == 3)
    }

    @Test func `a renewal that fails is tried again`() throws {
        let fetch = try SampleFetch()
        let source = ScriptedReconstructionSource(
            fetch.file,
            firstGeneration: 1,
            before: { call in
                if call.number == 0 { throw XetError(.unavailable, "not now") }
            }
        )
        let xorbs = ScriptedXorbSource(fetch.file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.refusal = XetError(.expired, "too late") }
            return answer
        }
        let run = run(fetch, xorbs, source: source)
        executor.runUntilIdle()
        #expect(run.reader?.value != nil)
        #expect(run.bytes == fetch.file.bytes)
        #expect(source.calls.count == 2)
        #expect(xorbs.calls.count == 2)
    }

    @Test func `addresses that stay refused are final`() throws {
        let fetch = try SampleFetch()
        let source = ScriptedReconstructionSource(fetch.file, firstGeneration: 1)
        let xorbs = ScriptedXorbSource(fetch.file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.refusal = XetError(.expired, "too late")
            return answer
        }
        let run = run(fetch, xorbs, source: source)
        executor.runUntilIdle()
        #expect((run.reader?.error as? XetError)?.code == .expired)
        #expect(xorbs.calls.count == 4)
        #expect(source.calls.count == 3)
    }

    @Test(arguments: [XetError.Code.connectionFailed, .unavailable, .rateLimited, .timedOut])
    func `a CDN that is away for minutes is outlasted, and the address that has ended meanwhile renewed`(
        code: XetError.Code
    ) throws {
        let fetch = try SampleFetch()
        let source = ScriptedReconstructionSource(fetch.file, firstGeneration: 1) { call in
            if call.number < 8 { throw XetError(code, "the CAS is away too") }
        }
        let clock = clock
        let back = clock.now.advanced(by: .seconds(240))
        let told = Watched(0)
        let xorbs = ScriptedXorbSource(fetch.file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 {
                answer.truncation = 5 * 108
            } else if clock.now < back {
                answer.refusal = XetError(code, "away")
            } else if call.generation < 9 {
                answer.refusal = XetError(.expired, "too late")
            }
            return answer
        }
        let run = run(fetch, xorbs, source: source, retry: .outlasting { _, _ in told.change { $0 += 1 } })
        executor.runUntilIdle()
        #expect(run.reader?.value != nil)
        #expect(run.bytes == fetch.file.bytes)
        #expect(clock.now < back.advanced(by: .seconds(60)))
        #expect(source.calls.count == 9)
        #expect(told.value == clock.sleeps.count)
        #expect(xorbs.calls.count > 40)
    }

    @Test func `an outage that brings a chunk now and then goes on for ever`() throws {
        let fetch = try SampleFetch()
        let xorbs = ScriptedXorbSource(fetch.file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number % 10 == 9 {
                answer.truncation = (call.number / 10 + 1) * 108
            } else {
                let failure = UpstreamFailure(status: 503, retryAfter: 20)
                answer.refusal = XetError(.unavailable, "away", response: failure)
            }
            return answer
        }
        let run = run(fetch, xorbs, retry: .outlasting())
        executor.runUntilIdle()
        #expect(run.bytes == fetch.file.bytes)
        // Each outage is shorter than five minutes, all of them are not.
        #expect(clock.now.offset > .seconds(12 * 180))
    }

    @Test func `an outage that lasts too long is final, and nothing stays reserved`() throws {
        let fetch = try SampleFetch()
        let xorbs = ScriptedXorbSource(fetch.file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.truncation = 5 * 108 }
            if call.number > 0 { answer.refusal = XetError(.connectionFailed, "away") }
            return answer
        }
        let run = run(fetch, xorbs, retry: .outlasting(.seconds(60)))
        executor.runUntilIdle()
        #expect((run.reader?.error as? XetError)?.code == .connectionFailed)
        #expect(run.bytes == Array(fetch.file.bytes.prefix(500)))
        #expect(clock.now.offset == .seconds(60))
        run.lane.close()
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `damage is no outage`() throws {
        let fetch = try SampleFetch()
        let xorbs = ScriptedXorbSource(fetch.file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.damage = { bytes in Self.apply(.scheme, to: &bytes) }
            return answer
        }
        let run = run(fetch, xorbs, retry: .outlasting())
        executor.runUntilIdle()
        #expect((run.reader?.error as? XetError)?.code == .corrupt)
        #expect(xorbs.calls.count == RetryPolicy().maximumAttempts)
    }

    /// Damage to a range of twelve chunks of 108 serialized bytes.
    enum Damage: CaseIterable {
        case version, scheme, packedLength, unpackedLength, missingChunk, extraChunk, footer, lastByte
    }

    @Test(arguments: Damage.allCases)
    func `damaged bytes are asked for again, then refused`(damage: Damage) throws {
        let fetch = try SampleFetch()
        for isLasting in [false, true] {
            let xorbs = ScriptedXorbSource(fetch.file) { call in
                var answer = ScriptedXorbSource.Answer()
                guard isLasting || call.number == 0 else { return answer }
                answer.damage = { bytes in Self.apply(damage, to: &bytes) }
                return answer
            }
            let run = run(fetch, xorbs)
            executor.runUntilIdle()
            guard isLasting else {
                #expect(run.reader?.value != nil)
                #expect(run.bytes == fetch.file.bytes)
                #expect(xorbs.calls.count == (damage == .extraChunk || damage == .footer ? xorbs.calls.count : 2))
                continue
            }
            if damage == .extraChunk || damage == .footer {
                // All that is needed had come before.
                #expect(run.bytes == fetch.file.bytes)
                continue
            }
            let error = try #require(run.reader?.error as? XetError)
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
}
