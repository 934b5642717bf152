import DequeModule
import Synchronization

/// Work that a fixed number of tasks take in turn, in the order in which it was handed in.
///
/// Each task calls ``work()``, which returns after ``close()``.
final class WorkPool: Sendable {
    private typealias Job = @Sendable () async -> Void
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var jobs: Deque<Job> = []
        /// Jobs that are waiting or being done.
        var count = 0
        var isClosed = false
        var idle: [UInt64: Waiter] = [:]
        var callers: Deque<(number: UInt64, waiter: Waiter)> = []
        var nextNumber: UInt64 = 0

        mutating func number() -> UInt64 {
            defer { nextNumber += 1 }
            return nextNumber
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// A pool that has at most `capacity` jobs, those that are being done included.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Hands in a job, once there is room for it.
    ///
    /// Throws `CancellationError` when cancelled before. Nothing comes of jobs that are not begun when the tasks end.
    func submit<Value>(_ job: @escaping @Sendable () async throws -> Value) async throws -> Promise<Value> {
        try await waitForRoom()
        let promise = Promise<Value>()
        let idle = state.withLock { state in
            state.jobs.append {
                let result: Result<Value, any Error>
                do {
                    result = .success(try await job())
                } catch {
                    result = .failure(error)
                }
                promise.keep(result)
            }
            return state.idle.popFirst()?.value
        }
        idle?.resume()
        return promise
    }

    /// Does jobs until the pool is closed and empty, or the task is cancelled.
    func work() async {
        while let job = await next() {
            await job()
            let caller = state.withLock { state -> Waiter? in
                // The place goes to who waits for it.
                if let caller = state.callers.popFirst() { return caller.waiter }
                state.count -= 1
                return nil
            }
            caller?.resume()
        }
    }

    /// No more jobs come.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [:] }
            return state.idle.values.map(\.self)
        }
        for waiter in idle { waiter.resume() }
    }

    /// Takes one of ``capacity`` places.
    private func waitForRoom() async throws {
        let number = state.withLock { $0.number() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: Waiter) in
                let outcome = state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    guard state.count >= capacity else {
                        state.count += 1
                        return .success(())
                    }
                    state.callers.append((number, waiter))
                    return nil
                }
                if let outcome { waiter.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.callers.firstIndex(where: { $0.number == number }) else { return nil }
                return state.callers.remove(at: index).waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private func next() async -> Job? {
        let number = state.withLock { $0.number() }
        while !Task.isCancelled {
            let (job, isClosed) = state.withLock { ($0.jobs.popFirst(), $0.isClosed) }
            if job != nil || isClosed { return job }
            do {
                try await waitForJob(number)
            } catch {
                return nil
            }
        }
        return nil
    }

    private func waitForJob(_ number: UInt64) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: Waiter) in
                let outcome = state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if !state.jobs.isEmpty || state.isClosed { return .success(()) }
                    state.idle[number] = waiter
                    return nil
                }
                if let outcome { waiter.resume(with: outcome) }
            }
        } onCancel: {
            state.withLock { $0.idle.removeValue(forKey: number) }?.resume(throwing: CancellationError())
        }
    }
}
