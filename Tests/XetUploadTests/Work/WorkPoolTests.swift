import Synchronization
import Testing

@testable import XetUpload

@Suite struct WorkPoolTests {
    private struct Failure: Error {}

    @Test func `does everything, with as many jobs as there is room for`() async throws {
        let pool = WorkPool(capacity: 3)
        let running = Atomic(0)
        let most = Mutex(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { await pool.work() } }
            var promises: [Promise<Int>] = []
            for number in 0..<200 {
                promises.append(
                    try await pool.submit {
                        let now = running.add(1, ordering: .relaxed).newValue
                        most.withLock { $0 = max($0, now) }
                        await Task.yield()
                        running.subtract(1, ordering: .relaxed)
                        return number
                    }
                )
            }
            for (number, promise) in promises.enumerated() { #expect(try await promise.value == number) }
            pool.close()
            try await group.waitForAll()
        }
        #expect(most.withLock { $0 } <= 3)
    }

    @Test func `a job that fails is a promise that fails`() async throws {
        let pool = WorkPool(capacity: 1)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await pool.work() }
            await #expect(throws: Failure.self) {
                let promise = try await pool.submit { throw Failure() } as Promise<Int>
                _ = try await promise.value
            }
            #expect(throws: Never.self) { pool.close() }
        }
    }

    @Test func `whoever waits can leave`() async throws {
        let pool = WorkPool(capacity: 1)
        // Nobody does the first job, so that there is no room for a second and no value of either.
        let first = try await pool.submit { 1 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: CancellationError.self) { _ = try await pool.submit { 2 } }
            }
            group.addTask {
                await #expect(throws: CancellationError.self) { _ = try await first.value }
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(!first.isKept)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await pool.work() }
            pool.close()
        }
        #expect(try await first.value == 1)
    }

    @Test func `workers end with their task`() async {
        let pool = WorkPool(capacity: 1)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { await pool.work() } }
            group.cancelAll()
        }
    }
}
