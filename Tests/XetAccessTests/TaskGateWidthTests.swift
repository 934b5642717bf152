import Synchronization
import Testing
import XetAccess
import XetTestSupport

@Suite struct TaskGateWidthTests {
    @Test func `lets only so many run at once`() async throws {
        let permits = TaskGate(width: 3)
        let gauge = Gauge()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await permits.withTurn {
                        gauge.enter()
                        for _ in 0..<10 { await Task.yield() }
                        gauge.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(gauge.running == 0)
        #expect(gauge.most <= 3)
    }

    @Test func `one that is cancelled leaves the line`() async throws {
        let permits = TaskGate(width: 1)
        try await permits.withTurn {
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        try await permits.withTurn {}
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                group.cancelAll()
                #expect(await group.next() == true)
            }
        }
        // The permit is free again.
        try await permits.withTurn {}
    }

    @Test func `a turn may end before the work, and ends once`() throws {
        let executor = StepExecutor()
        let (permits, inside, end) = (TaskGate(width: 1), Watched(0), Watched(0))
        let started = (0..<4).map { number in
            executor.start {
                let turn = try await permits.turn()
                inside.change { $0 += 1 }
                try await end.wait { $0 > number }
                turn.end()
                turn.end()
                try await end.wait { $0 == 9 }
            }
        }
        for count in 1...4 {
            executor.runUntilIdle()
            #expect(inside.value == count)
            end.change { $0 = count }
        }
        end.change { $0 = 9 }
        executor.runUntilIdle()
        #expect(started.allSatisfy { $0.value != nil })
        // There is one place again, and not more.
        let later = (0..<2).map { _ in
            executor.start {
                let turn = try await permits.turn()
                inside.change { $0 += 1 }
                try await Watched(false).wait { $0 }
                turn.end()
            }
        }
        executor.runUntilIdle()
        #expect(inside.value == 5)
        later[0].cancel()
        executor.runUntilIdle()
        // A turn that is dropped is over too.
        #expect(inside.value == 6)
        later[1].cancel()
        executor.runUntilIdle()
        #expect(later.allSatisfy { !$0.isWaiting })
    }

    @Test func `a failure gives the permit back`() async throws {
        struct Failure: Error {}
        let permits = TaskGate(width: 1)
        await #expect(throws: Failure.self) { try await permits.withTurn { throw Failure() } }
        try await permits.withTurn {}
    }
}

/// How many are inside, and how many were at most.
private final class Gauge: Sendable {
    private let counts = Mutex((running: 0, most: 0))

    var running: Int { counts.withLock { $0.running } }
    var most: Int { counts.withLock { $0.most } }

    func enter() {
        counts.withLock { counts in
            counts.running += 1
            counts.most = max(counts.most, counts.running)
        }
    }

    func leave() {
        counts.withLock { $0.running -= 1 }
    }
}
