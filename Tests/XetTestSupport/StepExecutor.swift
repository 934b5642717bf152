import Synchronization

/// Runs the tasks of a test one at a time, in an order that follows from a seed, on the thread of the test.
///
/// When ``runUntilIdle()`` returns, every task has ended or waits for something that only the test can give. So a test
/// can say "it waits here" without measuring time, and a deadlock shows as a task without an outcome.
public final class StepExecutor: TaskExecutor {
    private struct State {
        var ready: [UnownedJob] = []
        var random: SplitMix64?
    }

    private let state: Mutex<State>

    /// An executor that keeps the order of arrival.
    public init() {
        state = Mutex(State())
    }

    /// An executor that picks the next job by a generator with this seed.
    public init(seed: UInt64) {
        state = Mutex(State(random: SplitMix64(seed: seed)))
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    /// Starts a task; it runs in ``runUntilIdle()``, and so do its children.
    public func start<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) -> Started<Value> {
        let outcome = Outcome<Value>()
        let task = Task(executorPreference: self) {
            do {
                outcome.set(.success(try await body()))
            } catch {
                outcome.set(.failure(error))
            }
        }
        return Started(task: task, outcome: outcome)
    }

    /// Runs until every task has ended or waits.
    public func runUntilIdle() {
        while runOne() {}
    }

    /// Runs at most `count` jobs; returns whether there may be more.
    @discardableResult
    public func run(_ count: Int) -> Bool {
        for _ in 0..<count {
            guard runOne() else { return false }
        }
        return true
    }

    private func runOne() -> Bool {
        let next = state.withLock { state -> UnownedJob? in
            guard !state.ready.isEmpty else { return nil }
            guard var random = state.random else { return state.ready.removeFirst() }
            let index = Int.random(in: 0..<state.ready.count, using: &random)
            state.random = random
            return state.ready.remove(at: index)
        }
        guard let next else { return false }
        unsafe next.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }
}

/// Where the task of a ``Started`` leaves how it ended.
final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    var value: Result<Value, any Error>? { result.withLock { $0 } }

    func set(_ value: Result<Value, any Error>) {
        result.withLock { $0 = value }
    }
}

/// A task of a ``StepExecutor``.
public struct Started<Value: Sendable>: Sendable {
    let task: Task<Void, Never>
    let outcome: Outcome<Value>

    /// Cancels the task.
    public func cancel() { task.cancel() }

    /// How it ended; `nil` while it has not.
    public var result: Result<Value, any Error>? { outcome.value }

    /// Whether it has not ended.
    public var isWaiting: Bool { result == nil }

    /// What it returned; `nil` while it has not, and when it failed.
    public var value: Value? {
        if case .success(let value)? = result { value } else { nil }
    }

    /// What it threw; `nil` while it has not, and when it returned.
    public var error: (any Error)? {
        if case .failure(let error)? = result { error } else { nil }
    }
}
