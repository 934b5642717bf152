import Testing
import XetTestSupport

@testable import XetDownload

@Suite struct StallPolicyTests {
    private let executor = StepExecutor()
    private let clock = ManualClock()
    private let policy = StallPolicy(silence: .seconds(3), leastRate: 100, period: .seconds(6))

    /// Two attempts that a test steers.
    private final class Attempts: Sendable {
        let pulses = Watched<[Pulse]>([])
        let outcomes = Watched<[Result<Void, TestError>?]>([nil, nil])
        let cancelled = Watched<[Int]>([])

        func run(_ pulse: Pulse) async throws {
            let number = pulses.value.count
            pulses.change { $0.append(pulse) }
            pulse.beginWait()
            do {
                try await outcomes.wait { $0[number] != nil }
            } catch {
                cancelled.change { $0.append(number) }
                throw error
            }
            try outcomes.value[number]?.get()
        }

        func end(_ number: Int, _ outcome: Result<Void, TestError>) { outcomes.change { $0[number] = outcome } }
    }

    private struct TestError: Error, Equatable { let name: String }

    private func start(_ attempts: Attempts) -> Started<Void> {
        let (policy, clock) = (policy, clock)
        let started = executor.start {
            try await policy.withSecondAttempt(clock: clock, watch: Stopwatch(clock)) { try await attempts.run($0) }
        }
        executor.runUntilIdle()
        return started
    }

    private func advance(_ duration: Duration) {
        clock.advance(by: duration)
        executor.runUntilIdle()
    }

    @Test func `an attempt that gets bytes stays alone`() throws {
        let attempts = Attempts()
        let started = start(attempts)
        for _ in 0..<10 {
            advance(.seconds(2))
            let pulse = try #require(attempts.pulses.value.first)
            pulse.endWait(byteCount: 1000)
            pulse.beginWait()
        }
        #expect(attempts.pulses.value.count == 1)
        attempts.end(0, .success(()))
        executor.runUntilIdle()
        #expect(started.value != nil)
        #expect(clock.sleeperCount == 0)
    }

    @Test func `a silent attempt gets a second beside it, and the first to succeed ends both`() {
        for winner in 0...1 {
            let attempts = Attempts()
            let started = start(attempts)
            advance(.milliseconds(2999))
            #expect(attempts.pulses.value.count == 1)
            advance(.milliseconds(1))
            #expect(attempts.pulses.value.count == 2)
            #expect(attempts.cancelled.value.isEmpty)
            attempts.end(winner, .success(()))
            executor.runUntilIdle()
            #expect(started.value != nil)
            #expect(attempts.cancelled.value == [1 - winner])
        }
    }

    @Test func `there is no third attempt`() {
        let attempts = Attempts()
        let started = start(attempts)
        for _ in 0..<20 { advance(.seconds(3)) }
        #expect(attempts.pulses.value.count == 2)
        started.cancel()
        executor.runUntilIdle()
        #expect(started.error is CancellationError)
        #expect(attempts.cancelled.value.sorted() == [0, 1])
    }

    @Test func `an attempt that trickles has stalled too`() throws {
        let attempts = Attempts()
        _ = start(attempts)
        let pulse = try #require(attempts.pulses.value.first)
        for _ in 0..<5 {
            advance(.seconds(1))
            pulse.endWait(byteCount: 99)
            pulse.beginWait()
        }
        #expect(attempts.pulses.value.count == 1)
        // Six seconds of waiting are over; it is looked at when a silence could have passed.
        for _ in 0..<4 {
            advance(.seconds(1))
            pulse.endWait(byteCount: 99)
            pulse.beginWait()
        }
        #expect(attempts.pulses.value.count == 2)
    }

    @Test func `time in which nothing is asked for does not count`() throws {
        let attempts = Attempts()
        _ = start(attempts)
        let pulse = try #require(attempts.pulses.value.first)
        advance(.seconds(1))
        pulse.endWait(byteCount: 10)
        for _ in 0..<10 { advance(.seconds(3)) }
        #expect(attempts.pulses.value.count == 1)
        pulse.beginWait()
        advance(.seconds(3))
        advance(.seconds(3))
        #expect(attempts.pulses.value.count == 2)
    }

    @Test func `a failure is reported when nothing is left that may succeed`() {
        let alone = Attempts()
        let first = start(alone)
        alone.end(0, .failure(TestError(name: "alone")))
        executor.runUntilIdle()
        #expect(first.error as? TestError == TestError(name: "alone"))

        let attempts = Attempts()
        let started = start(attempts)
        advance(.seconds(3))
        attempts.end(0, .failure(TestError(name: "first")))
        executor.runUntilIdle()
        #expect(started.isWaiting)
        attempts.end(1, .failure(TestError(name: "second")))
        executor.runUntilIdle()
        #expect(started.error as? TestError == TestError(name: "second"))
    }
}
