import Synchronization
import Testing
import XetTestSupport

@testable import XetDownload

@Suite struct DeadlineWatchTests {
    private let executor = StepExecutor()
    private let clock = ManualClock()
    private let deadlines = DeadlineWatch()

    private func run() -> Started<Void> {
        let started = executor.start { [deadlines, clock] in try await deadlines.run(clock: clock) }
        executor.runUntilIdle()
        return started
    }

    /// Waits until so much time has passed since the clock began.
    private func wait(until deadline: Duration) -> Started<Void> {
        let watch = Stopwatch(clock)
        let start = clock.now.offset
        return wait { deadline - start - watch.elapsed }
    }

    private func wait(_ rest: @escaping @Sendable () -> Duration) -> Started<Void> {
        let started = executor.start { [deadlines] in try await deadlines.wait(until: rest) }
        executor.runUntilIdle()
        return started
    }

    private func advance(_ duration: Duration) {
        clock.advance(by: duration)
        executor.runUntilIdle()
    }

    @Test func `who waits is told when its time has run out`() {
        _ = run()
        let (early, late) = (wait(until: .milliseconds(300)), wait(until: .milliseconds(700)))
        advance(.milliseconds(299))
        #expect(early.isWaiting)
        advance(.milliseconds(1))
        #expect(early.value != nil && late.isWaiting)
        advance(.milliseconds(399))
        #expect(late.isWaiting)
        advance(.milliseconds(1))
        #expect(late.value != nil)
    }

    @Test func `a deadline that has passed already is noticed at once`() {
        _ = run()
        #expect(wait { .zero }.value != nil)
        #expect(wait { .seconds(-5) }.value != nil)
    }

    @Test func `who waits before it runs is told too`() {
        let started = wait(until: .milliseconds(10))
        advance(.seconds(5))
        #expect(started.isWaiting)
        _ = run()
        #expect(started.value != nil)
    }

    @Test func `there is one timer for all, and none for nobody`() {
        let running = run()
        #expect(clock.sleeperCount == 0)
        let waiting = (1...50).map { wait(until: .seconds($0)) }
        #expect(clock.sleeperCount == 1)
        for second in 1...50 {
            advance(.seconds(1))
            #expect(waiting.count { $0.isWaiting } == 50 - second)
            #expect(clock.sleeperCount == (second < 50 ? 1 : 0))
        }
        #expect(running.isWaiting)
        // It begins again with the next.
        let next = wait(until: .seconds(51))
        #expect(clock.sleeperCount == 1)
        advance(.seconds(1))
        #expect(next.value != nil)
    }

    @Test func `what happens meanwhile gives more time`() {
        _ = run()
        let deadline = Mutex(Duration.seconds(2))
        let watch = Stopwatch(clock)
        let counter = Mutex(0)
        let waiting = wait {
            counter.withLock { $0 += 1 }
            return deadline.withLock { $0 } - watch.elapsed
        }
        for second in 1...20 {
            advance(.seconds(1))
            deadline.withLock { $0 = .seconds(second + 2) }
            #expect(waiting.isWaiting)
        }
        // It is not looked at for each of the events.
        #expect(counter.withLock { $0 } <= 3 * 21)
        advance(.seconds(1))
        #expect(waiting.isWaiting)
        advance(.seconds(1))
        #expect(waiting.value != nil)
    }

    /// A deadline that is added while another is slept for.
    @Test func `a deadline is noticed within the precision`() {
        _ = run()
        let far = wait(until: .seconds(100))
        advance(.milliseconds(100))
        let near = wait(until: .milliseconds(200))
        advance(.milliseconds(100))
        #expect(near.isWaiting)
        advance(DeadlineWatch.precision - .milliseconds(200))
        #expect(near.value != nil)
        #expect(far.isWaiting)
        #expect(clock.sleeps.allSatisfy { (sleep: Duration) in sleep <= DeadlineWatch.precision })
    }

    @Test func `a cancelled wait is over, and keeps nobody awake`() {
        _ = run()
        let (one, two) = (wait(until: .seconds(1)), wait(until: .seconds(3)))
        one.cancel()
        executor.runUntilIdle()
        #expect(one.error is CancellationError)
        two.cancel()
        executor.runUntilIdle()
        #expect(two.error is CancellationError)
        advance(.seconds(1))
        #expect(clock.sleeperCount == 0)
        let late = executor.start { [deadlines] in try await deadlines.wait { .seconds(1) } }
        late.cancel()
        executor.runUntilIdle()
        #expect(late.error is CancellationError)
    }

    @Test func `it runs until it is cancelled, whether anybody waits or not`() {
        for isWaiting in [false, true] {
            let running = run()
            let waiting = isWaiting ? wait(until: .seconds(9)) : nil
            running.cancel()
            executor.runUntilIdle()
            #expect(running.error is CancellationError)
            #expect(clock.sleeperCount == 0)
            waiting?.cancel()
            executor.runUntilIdle()
        }
        let cancelled = executor.start { [deadlines, clock] in try await deadlines.run(clock: clock) }
        cancelled.cancel()
        executor.runUntilIdle()
        #expect(cancelled.error is CancellationError)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `in any order of events nobody is forgotten`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let executor = StepExecutor(seed: seed)
        let (deadlines, clock) = (deadlines, clock)
        let running = executor.start { try await deadlines.run(clock: clock) }
        let watch = Stopwatch(clock)
        var waiting: [(started: Started<Void>, deadline: Duration)] = []
        for _ in 0..<40 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let deadline = watch.elapsed + .milliseconds(Int.random(in: 0...4000, using: &random))
                waiting.append((executor.start { try await deadlines.wait { deadline - watch.elapsed } }, deadline))
            case 1 where Int.random(in: 0..<5, using: &random) == 0:
                waiting.randomElement(using: &random)?.started.cancel()
            case 2: clock.advance(by: .milliseconds(Int.random(in: 0...1500, using: &random)))
            default: executor.run(Int.random(in: 0...5, using: &random))
            }
            for one in waiting where one.started.value != nil { #expect(one.deadline <= watch.elapsed) }
        }
        for _ in 0..<6 {
            executor.runUntilIdle()
            clock.advance(by: DeadlineWatch.precision)
        }
        executor.runUntilIdle()
        #expect(!waiting.contains { $0.started.isWaiting })
        running.cancel()
        executor.runUntilIdle()
        #expect(!running.isWaiting)
    }
}
