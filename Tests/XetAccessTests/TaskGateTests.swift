import Synchronization
import Testing
import XetAccess
import XetTestSupport

@Suite struct TaskGateTests {
    private struct Broken: Error {}

    private let executor = StepExecutor()
    private let gate = TaskGate()
    private let log = Watched<[Int]>([])

    /// A turn that notes its number and lasts until `end` says so.
    private func turn(_ number: Int, until end: Watched<Bool>) -> Started<Void> {
        let started = executor.start { [gate, log] in
            try await gate.withTurn {
                log.change { $0.append(number) }
                try await end.wait { $0 }
            }
        }
        executor.runUntilIdle()
        return started
    }

    @Test func `one at a time, in the order of arrival`() {
        let ends = (0..<5).map { _ in Watched(false) }
        let turns = ends.enumerated().map { turn($0.offset, until: $0.element) }
        for number in ends.indices {
            #expect(log.value == Array(0...number))
            ends[number].change { $0 = true }
            executor.runUntilIdle()
            #expect(turns[number].value != nil)
        }
        #expect(turns.allSatisfy { !$0.isWaiting })
    }

    @Test func `the value comes back`() {
        let started = executor.start { [gate] in try await gate.withTurn { 42 } }
        executor.runUntilIdle()
        #expect(started.value == 42)
    }

    @Test func `an error ends the turn and comes out`() {
        let failed = executor.start { [gate] in try await gate.withTurn { throw Broken() } }
        let next = executor.start { [gate] in try await gate.withTurn { 1 } }
        executor.runUntilIdle()
        #expect(failed.error is Broken)
        #expect(next.value == 1)
    }

    @Test func `who is cancelled while waiting leaves the line`() {
        let ends = (0..<4).map { _ in Watched(false) }
        let turns = ends.enumerated().map { turn($0.offset, until: $0.element) }
        turns[1].cancel()
        turns[2].cancel()
        executor.runUntilIdle()
        #expect(turns[1].error is CancellationError)
        #expect(turns[2].error is CancellationError)
        #expect(turns[0].isWaiting)
        ends[0].change { $0 = true }
        executor.runUntilIdle()
        #expect(log.value == [0, 3])
    }

    @Test func `who is cancelled in a turn passes it on`() {
        let (first, second) = (turn(0, until: Watched(false)), turn(1, until: Watched(true)))
        #expect(second.isWaiting)
        first.cancel()
        executor.runUntilIdle()
        #expect(first.error is CancellationError)
        #expect(second.value != nil)
    }

    @Test func `who is cancelled before gets no turn`() {
        let started = executor.start { [gate, log] in
            try await gate.withTurn { log.change { $0.append(0) } }
        }
        started.cancel()
        executor.runUntilIdle()
        #expect(started.error is CancellationError)
        #expect(log.value == [])
        #expect(turn(1, until: Watched(true)).value != nil)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `never two at once, whatever is cancelled`(seed: UInt64) {
        let executor = StepExecutor(seed: seed)
        var random = SplitMix64(seed: seed)
        let inside = Mutex(0)
        let turns = (0..<20).map { _ in
            executor.start { [gate] in
                try await gate.withTurn {
                    let count = inside.withLock { count in
                        count += 1
                        return count
                    }
                    await Task.yield()
                    inside.withLock { $0 -= 1 }
                    guard count == 1 else { throw Broken() }
                }
            }
        }
        for turn in turns where Bool.random(using: &random) {
            executor.run(Int.random(in: 0...5, using: &random))
            turn.cancel()
        }
        executor.runUntilIdle()
        for turn in turns {
            #expect(!turn.isWaiting)
            if let error = turn.error { #expect(error is CancellationError) }
        }
        let last = executor.start { [gate] in try await gate.withTurn { 1 } }
        executor.runUntilIdle()
        #expect(last.value == 1)
    }
}
