import DequeModule
import Synchronization

/// Lets one task at a time through, in the order of arrival.
///
/// For work that several tasks would otherwise do at once: those that come later look first whether it has been done. A
/// task that is cancelled while it waits leaves the line.
package final class SerialGate: Sendable {
    private struct State {
        var isTaken = false
        var nextTicket = 0
        var line: Deque<(ticket: Int, continuation: CheckedContinuation<Void, any Error>)> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Runs `body` when it is this task's turn.
    package func withTurn<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if !state.isTaken {
                        state.isTaken = true
                        return .success(())
                    }
                    state.line.append((ticket, continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                state.line.firstIndex { $0.ticket == ticket }.map { state.line.remove(at: $0) }
            }
            waiting?.continuation.resume(throwing: CancellationError())
        }
    }

    private func leave() {
        let next = state.withLock { state in
            let next = state.line.popFirst()
            state.isTaken = next != nil
            return next
        }
        next?.continuation.resume()
    }
}
