import Synchronization

/// A value that another task will have; one task waits for it.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case kept(Result<Value, any Error>)
        /// It was handed over, so that it lives no longer than who got it wants.
        case taken
    }

    private let state = Mutex(State.open)

    /// The value, or what it failed with; throws `CancellationError` when cancelled while it waits.
    ///
    /// Precondition: nobody else has asked for it (checked).
    var value: Value {
        get async throws {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let outcome = state.withLock { state -> Result<Value, any Error>? in
                        switch state {
                        case .kept(let result):
                            state = .taken
                            return result
                        case .awaited, .taken: preconditionFailure("a value is handed over once")
                        case .open:
                            if Task.isCancelled { return .failure(CancellationError()) }
                            state = .awaited(continuation)
                            return nil
                        }
                    }
                    if let outcome { continuation.resume(with: outcome) }
                }
            } onCancel: {
                let waiting = state.withLock { state -> CheckedContinuation<Value, any Error>? in
                    guard case .awaited(let continuation) = state else { return nil }
                    state = .open
                    return continuation
                }
                waiting?.resume(throwing: CancellationError())
            }
        }
    }

    /// Whether the value is there, or will never be.
    var isKept: Bool {
        state.withLock { state in
            if case .kept = state { true } else { false }
        }
    }

    func keep(_ result: Result<Value, any Error>) {
        let waiting = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            guard case .awaited(let continuation) = state else {
                state = .kept(result)
                return nil
            }
            state = .taken
            return continuation
        }
        waiting?.resume(with: result)
    }
}
