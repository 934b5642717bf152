import Testing
import XetTestSupport

@testable import XetDownload

@Suite struct StallWatchTests {
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

    /// Runs attempts over a watch that looks at its deadlines.
    private func start(_ attempts: Attempts, _ hedges: HedgeAllowance = HedgeAllowance()) -> Started<Void> {
        let clock = clock
        let deadlines = DeadlineWatch()
        let watch = StallWatch(policy: policy, deadlines: deadlines, hedges: hedges, watch: Stopwatch(clock))
        let started = executor.start {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await deadlines.run(clock: clock) }
                defer { group.cancelAll() }
                try await watch.withSecondAttempt { pulse, _ in try await attempts.run(pulse) }
            }
        }
        executor.runUntilIdle()
        return started
    }

    /// Lets time pass; deadlines are looked at once in a second.
    private func advance(_ duration: Duration) {
        var rest = duration
        while rest > .zero {
            let step = min(rest, DeadlineWatch.precision)
            clock.advance(by: step)
            executor.runUntilIdle()
            rest -= step
        }
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
        // Six seconds of waiting are over.
        advance(.seconds(1))
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
        advance(.seconds(2))
        #expect(attempts.pulses.value.count == 1)
        advance(.seconds(1))
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

    // MARK: The allowance

    @Test func `without leave it goes on alone, and asks again after as long a silence`() {
        let hedges = HedgeAllowance()
        while hedges.take() {}
        let attempts = Attempts()
        let started = start(attempts, hedges)
        advance(.seconds(4))
        #expect(attempts.pulses.value.count == 1)
        for _ in 0..<HedgeAllowance.leastGETCountPerHedge { hedges.noteGET() }
        advance(.seconds(1))
        #expect(attempts.pulses.value.count == 1)
        advance(.seconds(1))
        #expect(attempts.pulses.value.count == 2)
        attempts.end(1, .success(()))
        executor.runUntilIdle()
        #expect(started.value != nil)
    }

    @Test func `one that gets bytes again asks for no leave`() throws {
        let hedges = HedgeAllowance()
        while hedges.take() {}
        let attempts = Attempts()
        _ = start(attempts, hedges)
        advance(.seconds(3))
        let pulse = try #require(attempts.pulses.value.first)
        pulse.endWait(byteCount: 10_000)
        for _ in 0..<HedgeAllowance.leastGETCountPerHedge { hedges.noteGET() }
        advance(.seconds(30))
        #expect(attempts.pulses.value.count == 1)
    }

    @Test func `of many that stall few have a second`() {
        let hedges = HedgeAllowance()
        let all = (0..<200).map { _ in Attempts() }
        for attempts in all { _ = start(attempts, hedges) }
        advance(.seconds(60))
        let second = all.count { $0.pulses.value.count == 2 }
        #expect(second == HedgeAllowance.firstHedgeCount + 200 / HedgeAllowance.leastGETCountPerHedge)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `in any order of events it ends once, and leaves nothing running`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let executor = StepExecutor(seed: seed)
        let clock = clock
        let attempts = Attempts()
        let deadlines = DeadlineWatch()
        let watch = StallWatch(
            policy: policy,
            deadlines: deadlines,
            hedges: HedgeAllowance(),
            watch: Stopwatch(clock)
        )
        let looking = executor.start { try await deadlines.run(clock: clock) }
        let started = executor.start { try await watch.withSecondAttempt { pulse, _ in try await attempts.run(pulse) } }
        let outcomes: [Result<Void, TestError>] = [.success(()), .failure(TestError(name: "no"))]
        for _ in 0..<12 {
            executor.run(Int.random(in: 0...9, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                attempts.end(
                    Int.random(in: 0...1, using: &random),
                    outcomes.randomElement(using: &random) ?? .success(())
                )
            case 1: if Int.random(in: 0..<4, using: &random) == 0 { started.cancel() }
            default: clock.advance(by: .milliseconds(Int.random(in: 1...2000, using: &random)))
            }
        }
        for number in 0...1 { attempts.end(number, .success(())) }
        executor.runUntilIdle()
        #expect(!started.isWaiting)
        #expect(attempts.pulses.value.count <= 2)
        #expect(looking.isWaiting)
        looking.cancel()
        executor.runUntilIdle()
        #expect(clock.sleeperCount == 0)
    }
}
