import DequeModule
import Synchronization

/// The part of a ``FetchBudget`` for answers that are held as a whole.
///
/// They have half of the budget, and one of them has more if it is alone; small ones count and do not wait. What they hold
/// is missing to downloads, whose readers get the next bytes all the same: so neither waits for the other. An answer that
/// grows goes before those that have nothing yet, and only one may grow at a time.
final class BufferedAnswers: Sendable {
    /// Answers of so many bytes do not wait: their connections take as much.
    static let smallByteCount = 16 << 10

    private struct Waiter {
        let id: ObjectIdentifier
        let byteCount: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var held = 0
        var shares: [ObjectIdentifier: Int] = [:]
        var line: Deque<Waiter> = []

        /// Lets through whoever may go on.
        mutating func grant(_ most: Int) -> [CheckedContinuation<Void, any Error>] {
            var granted: [CheckedContinuation<Void, any Error>] = []
            while let first = line.first {
                let own = shares[first.id] ?? 0
                guard held == own || held - own + first.byteCount <= most else { break }
                line.removeFirst()
                held += first.byteCount - own
                shares[first.id] = first.byteCount
                granted.append(first.continuation)
            }
            return granted
        }
    }

    private let most: Int
    private let state = Mutex(State())

    init(most: Int) {
        self.most = most
    }

    /// Bytes held now.
    var byteCount: Int { state.withLock { $0.held } }

    /// Changes the state, then lets through whoever may go on.
    private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, granted) = state.withLock { state in
            let value = body(&state)
            return (value, state.grant(most))
        }
        for continuation in granted { continuation.resume() }
        return value
    }

    fileprivate func hold(_ byteCount: Int, _ id: ObjectIdentifier) async throws {
        let isHeld = change { state in
            let own = state.shares[id] ?? 0
            guard byteCount <= max(own, Self.smallByteCount) else { return false }
            state.held += byteCount - own
            state.shares[id] = byteCount
            return true
        }
        if isHeld { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isCancelled = change { state in
                    guard !Task.isCancelled else { return true }
                    let waiter = Waiter(id: id, byteCount: byteCount, continuation: continuation)
                    if state.shares[id] == nil { state.line.append(waiter) } else { state.line.prepend(waiter) }
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let waiter = change { state in
                state.line.firstIndex { $0.id == id }.map { state.line.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    fileprivate func shrink(to byteCount: Int, _ id: ObjectIdentifier) {
        change { state in
            guard let own = state.shares[id], byteCount < own else { return }
            state.held -= own - byteCount
            state.shares[id] = byteCount > 0 ? byteCount : nil
        }
    }
}

/// The memory of one answer that is held as a whole; given back when it goes.
public final class AnswerReservation: Sendable {
    private let answers: BufferedAnswers
    private let budget: FetchBudget
    private var id: ObjectIdentifier { ObjectIdentifier(self) }

    init(_ answers: BufferedAnswers, of budget: FetchBudget) {
        self.answers = answers
        self.budget = budget
    }

    deinit { giveBack() }

    /// Waits until there is room for `byteCount` bytes in all, instead of what is held now; at most one call at a time.
    ///
    /// Of those that have something already, only one may wait for more at a time.
    public func hold(_ byteCount: Int) async throws {
        try await answers.hold(byteCount, id)
        budget.noteAnswers()
    }

    /// Gives back what is held beyond `byteCount` bytes.
    public func shrink(to byteCount: Int) {
        answers.shrink(to: byteCount, id)
        budget.noteAnswers()
    }

    /// Gives back all of it.
    public func giveBack() { shrink(to: 0) }
}
