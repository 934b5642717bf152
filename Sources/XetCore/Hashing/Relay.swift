import Synchronization

/// A value that tasks use one after the other, in the order of their turns.
package final class Relay<Value: Sendable>: Sendable {
    private struct State {
        /// `nil` while a task uses it.
        var value: Value?
        var turn: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state: Mutex<State>

    package init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    /// Waits for a turn, the first being 0; throws `CancellationError` when cancelled while it waits.
    ///
    /// Each turn must be waited for by one task, and then passed on with ``pass(_:)``: the later ones wait for it.
    package func wait(for turn: UInt64) async throws {
        if state.withLock({ $0.turn == turn }) { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.turn == turn { return .success(()) }
                    state.waiting[turn] = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: turn) }?.resume(throwing: CancellationError())
        }
    }

    /// Uses the value in the turn that was waited for, and passes it on.
    package func pass<Result>(_ body: (inout Value) -> Result) -> Result {
        var value = take()
        let result = body(&value)
        let next = state.withLock { [value] state in
            state.value = value
            state.turn += 1
            return state.waiting.removeValue(forKey: state.turn)
        }
        next?.resume()
        return result
    }

    /// The value after the last turn.
    package func take() -> Value {
        guard let value = state.withLock({ $0.value.take() }) else {
            preconditionFailure("used in two turns at once")
        }
        return value
    }
}
