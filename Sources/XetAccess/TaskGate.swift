import DequeModule
import Synchronization

/// Lets some tasks at a time through, one unless said otherwise, in the order of arrival.
///
/// With one, for work that several tasks would otherwise do at once: those that come later look first whether it has been
/// done. A task that is cancelled while it waits leaves the line.
package final class TaskGate: Sendable {
    private struct State {
        var free: Int
        var nextTicket = 0
        var line: Deque<(ticket: Int, continuation: CheckedContinuation<Void, any Error>)> = []
    }

    private let state: Mutex<State>

    /// Lets `width` tasks through at a time; at least one.
    package init(width: Int = 1) {
        precondition(width > 0)
        state = Mutex(State(free: width))
    }

    /// Runs `body` when it is this task's turn.
    package func withTurn<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        return try await body()
    }

    /// Waits for this task's turn, which ends when it is said so.
    package func turn() async throws -> Turn {
        try await enter()
        return Turn(gate: self)
    }

    /// The turn of a task that may let the next one in before its work is done.
    package final class Turn: Sendable {
        private let gate: TaskGate
        private let isOver = Mutex(false)

        fileprivate init(gate: TaskGate) {
            self.gate = gate
        }

        deinit { end() }

        /// Lets the next one in; only the first call counts.
        package func end() {
            let wasOver = isOver.withLock { isOver in
                defer { isOver = true }
                return isOver
            }
            if !wasOver { gate.leave() }
        }
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
                    if state.free > 0 {
                        state.free -= 1
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
            if next == nil { state.free += 1 }
            return next
        }
        next?.continuation.resume()
    }
}
