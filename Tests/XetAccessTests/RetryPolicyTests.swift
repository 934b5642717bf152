import Synchronization
import Testing
import XetAccess
import XetTestSupport

/// Gives the same word for ever.
private struct Constant: RandomNumberGenerator {
    let word: UInt64

    mutating func next() -> UInt64 { word }
}

@Suite struct RetryPolicyTests {
    private static let transient = XetError(.unavailable, "later")

    private static func asking(_ seconds: Int) -> XetError {
        XetError(.rateLimited, "later", response: UpstreamFailure(status: 429, retryAfter: seconds))
    }

    // MARK: One wait

    @Test func `the longest wait doubles up to the maximum`() throws {
        let policy = RetryPolicy(maximumAttempts: 100, baseDelay: .milliseconds(100), maximumDelay: .seconds(5))
        var random = Constant(word: .max)
        let longest = try (1...10).map { failures in
            try #require(policy.delay(after: Self.transient, failures: failures, using: &random))
        }
        let expected: [Duration] = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000].map { .milliseconds($0) }
        for (found, most) in zip(longest, expected) {
            #expect(found <= most)
            #expect(found >= most * 0.999)
        }
        var none = Constant(word: 0)
        #expect(policy.delay(after: Self.transient, failures: 5, using: &none) == .zero)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `any wait lies within its limits`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let policy = RetryPolicy(maximumAttempts: .max, baseDelay: .milliseconds(200), maximumDelay: .seconds(20))
        for failures in [1, 2, 7, 8, 17, 18, 63, 64, 65, 1000, .max - 1] {
            let delay = try #require(policy.delay(after: Self.transient, failures: failures, using: &random))
            #expect(delay >= .zero && delay <= .seconds(20))
        }
    }

    @Test func `attempts are counted`() {
        var random = SplitMix64(seed: 1)
        let policy = RetryPolicy(maximumAttempts: 3)
        #expect(policy.delay(after: Self.transient, failures: 2, using: &random) != nil)
        #expect(policy.delay(after: Self.transient, failures: 3, using: &random) == nil)
        #expect(RetryPolicy(maximumAttempts: 1).delay(after: Self.transient, failures: 1, using: &random) == nil)
    }

    @Test(arguments: [
        XetError.Code.invalidRequest, .unauthorized, .forbidden, .notFound, .rangeNotSatisfiable, .invalidResponse,
    ])
    func `what cannot pass is not repeated`(code: XetError.Code) {
        var random = SplitMix64(seed: 1)
        #expect(RetryPolicy().delay(after: XetError(code, "no"), failures: 1, using: &random) == nil)
    }

    @Test(arguments: [XetError.Code.rateLimited, .unavailable, .connectionFailed, .timedOut, .expired, .corrupt])
    func `what may pass is repeated`(code: XetError.Code) {
        var random = SplitMix64(seed: 1)
        #expect(RetryPolicy().delay(after: XetError(code, "later"), failures: 1, using: &random) != nil)
    }

    @Test func `a server's wish is the least`() throws {
        var random = SplitMix64(seed: 1)
        let policy = RetryPolicy(baseDelay: .milliseconds(1), maximumDelay: .seconds(20))
        for seconds in [7, 20] {
            let delay = try #require(policy.delay(after: Self.asking(seconds), failures: 1, using: &random))
            // A little more, so that not all come back at once.
            #expect(delay >= .seconds(seconds) && delay < .seconds(seconds) + .milliseconds(1))
        }
        // Who is to wait longer than that does not come back.
        #expect(policy.delay(after: Self.asking(21), failures: 1, using: &random) == nil)
        #expect(policy.delay(after: Self.asking(.max), failures: 1, using: &random) == nil)
        var most = Constant(word: .max)
        let long = RetryPolicy(baseDelay: .seconds(10), maximumDelay: .seconds(20))
        #expect(long.delay(after: Self.asking(1), failures: 1, using: &most).map { $0 > .seconds(9) } == true)
    }

    // MARK: Running

    /// Fails as often as it has errors.
    private func run(_ policy: RetryPolicy, _ errors: [any Error], clock: ManualClock) -> (
        result: Result<Int, any Error>?, calls: Int
    ) {
        let executor = StepExecutor()
        let calls = Mutex(0)
        let started = executor.start {
            try await policy.run(clock: clock) {
                let call = calls.withLock { calls in
                    calls += 1
                    return calls
                }
                if call <= errors.count { throw errors[call - 1] }
                return call
            }
        }
        executor.runUntilIdle()
        return (started.result, calls.withLock { $0 })
    }

    private struct Other: Error {}

    @Test func `success at last`() throws {
        let clock = ManualClock(isJumping: true)
        let outcome = run(RetryPolicy(), [Self.asking(1), Self.asking(2)], clock: clock)
        #expect(try outcome.result?.get() == 3)
        #expect(clock.sleeps.count == 2)
        #expect(clock.sleeps[0] >= .seconds(1) && clock.sleeps[1] >= .seconds(2))
    }

    @Test func `the last failure comes out`() {
        let clock = ManualClock(isJumping: true)
        let errors = (0..<9).map { XetError(.unavailable, "number \($0)") }
        let outcome = run(RetryPolicy(maximumAttempts: 4), errors, clock: clock)
        guard case .failure(let error)? = outcome.result else {
            Issue.record("it succeeded")
            return
        }
        #expect((error as? XetError)?.message == "number 3")
        #expect(outcome.calls == 4)
        #expect(clock.sleeps.count == 3)
    }

    @Test func `other errors come out at once`() {
        for error in [Other(), CancellationError(), XetError(.notFound, "no")] as [any Error] {
            let clock = ManualClock(isJumping: true)
            #expect(run(RetryPolicy(), [error], clock: clock).calls == 1)
            #expect(clock.sleeps.isEmpty)
        }
    }

    @Test func `no attempt begins after the time is over`() {
        let clock = ManualClock(isJumping: true)
        let policy = RetryPolicy(
            maximumAttempts: 100,
            baseDelay: .zero,
            maximumDelay: .seconds(5),
            maximumDuration: .seconds(10)
        )
        let outcome = run(policy, [XetError](repeating: Self.asking(3), count: 50), clock: clock)
        // At 0, 3, 6 and 9 seconds.
        #expect(outcome.calls == 4)
        #expect(clock.now.offset == .seconds(9))

        let exact = ManualClock(isJumping: true)
        let even = RetryPolicy(
            maximumAttempts: 100,
            baseDelay: .zero,
            maximumDelay: .seconds(5),
            maximumDuration: .seconds(9)
        )
        #expect(run(even, [XetError](repeating: Self.asking(3), count: 50), clock: exact).calls == 4)
    }

    @Test func `an outage is outlasted, and everybody is told of it who wants to be`() throws {
        let clock = ManualClock(isJumping: true)
        let told = Mutex<[(XetError.Code, Duration)]>([])
        let policy = RetryPolicy.outlasting(.seconds(300)) { error, delay in
            told.withLock { $0.append((error.code, delay)) }
        }
        let codes: [XetError.Code] = [.connectionFailed, .timedOut, .rateLimited, .unavailable]
        let errors = (0..<40).map { XetError(codes[$0 % codes.count], "away") }
        #expect(try run(policy, errors, clock: clock).result?.get() == 41)
        #expect(clock.now.offset < .seconds(300))
        #expect(told.withLock { $0.map(\.0) } == errors.map(\.code))
        #expect(told.withLock { $0.map(\.1) } == clock.sleeps)
    }

    @Test func `an outage that lasts too long comes out`() {
        let clock = ManualClock(isJumping: true)
        let errors = (0..<10_000).map { XetError(.connectionFailed, "number \($0)") }
        let outcome = run(.outlasting(.seconds(300)), errors, clock: clock)
        #expect(clock.now.offset == .seconds(300))
        #expect(throws: XetError.self) { try outcome.result?.get() }
        if case .failure(let error as XetError) = outcome.result {
            #expect(error.message == "number \(outcome.calls - 1)")
        }
        #expect(run(.outlasting(.zero), errors, clock: clock).calls == 1)
    }

    @Test(arguments: [RetryPolicy(), .outlasting()])
    func `cancelling ends the wait`(policy: RetryPolicy) {
        let executor = StepExecutor()
        let clock = ManualClock()
        let started = executor.start {
            try await policy.run(clock: clock) { throw Self.asking(1) }
        }
        executor.runUntilIdle()
        #expect(started.isWaiting)
        #expect(clock.sleeperCount == 1)
        started.cancel()
        executor.runUntilIdle()
        #expect(started.error is CancellationError)
        #expect(clock.sleeperCount == 0)
    }
}
