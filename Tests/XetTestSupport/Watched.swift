import Synchronization

/// A value that tasks can wait for.
public final class Watched<Value: Sendable>: Sendable {
    private struct Waiter {
        let id: Int
        let condition: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var value: Value
        var nextID = 0
        var waiters: [Waiter] = []
    }

    private let state: Mutex<State>

    /// Starts with `value`.
    public init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    /// The value now.
    public var value: Value { state.withLock { $0.value } }

    /// Changes the value and wakes those whose condition holds.
    public func change(_ body: @Sendable (inout Value) -> Void) {
        let woken = state.withLock { state in
            body(&state.value)
            let value = state.value
            let woken = state.waiters.filter { $0.condition(value) }
            state.waiters.removeAll { $0.condition(value) }
            return woken
        }
        for waiter in woken {
            waiter.continuation.resume()
        }
    }

    /// Returns once `condition` holds; throws `CancellationError` when cancelled before.
    public func wait(until condition: @escaping @Sendable (Value) -> Bool) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if condition(state.value) { return .success(()) }
                    state.waiters.append(Waiter(id: id, condition: condition, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }
}
