import Synchronization
import XetAccess

/// One answer on its way, until it ends: once, however it does.
final class AnswerObservation: Sendable {
    /// How an answer ended.
    struct Ending: Sendable {
        let outcome: TransferBook.Outcome
        /// The status that was sent; 499 if the client left before.
        let status: Int
        let byteCount: UInt64
        let duration: Duration
        /// When the first byte of the body was written; `nil` if there was none.
        let firstByte: Duration?
        /// What led to it, unless the answer itself says so.
        let error: (any Error)?
    }

    /// The client left before there was an answer.
    static let leftStatus = 499

    private struct State {
        var status = AnswerObservation.leftStatus
        var byteCount: UInt64?
        var firstByte: Duration?
        var transfer: Transfer?
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let counter = TransferCounter()
    private let begin = ContinuousClock.now
    private let onBytes: @Sendable (Int) -> Void
    private let onEnd: @Sendable (Ending) -> Void

    /// `onBytes` is called after each write, `onEnd` once.
    init(
        onBytes: @escaping @Sendable (Int) -> Void = { _ in },
        onEnd: @escaping @Sendable (Ending) -> Void
    ) {
        self.onBytes = onBytes
        self.onEnd = onEnd
    }

    /// An answer that is dropped before its body is asked for has no other end: the client had left.
    deinit { end(.cancelled) }

    /// Notes the head, which announces `byteCount` bytes, and the transfer that the body is if it is one.
    func note(status: Int, byteCount: UInt64? = nil, _ transfer: Transfer? = nil) {
        state.withLock { state in
            state.status = status
            state.byteCount = byteCount
            state.transfer = transfer
        }
    }

    func noteFirstByte() {
        let elapsed = ContinuousClock.now - begin
        state.withLock { state in
            if state.firstByte == nil { state.firstByte = elapsed }
        }
    }

    func note(sent byteCount: Int) {
        counter.add(byteCount)
        state.withLock { $0.transfer }?.note(byteCount)
        onBytes(byteCount)
    }

    /// Notes the end, the first time.
    ///
    /// A client that leaves as soon as it has all of a body has not left early, whether or not the end was written yet.
    func end(_ outcome: TransferBook.Outcome, error: (any Error)? = nil) {
        let ended = state.withLock { state -> State? in
            guard !state.hasEnded else { return nil }
            defer {
                state.hasEnded = true
                state.transfer = nil
            }
            return state
        }
        guard let ended else { return }
        let isWhole = outcome == .cancelled && ended.byteCount == counter.byteCount
        let outcome = isWhole ? .finished : outcome
        ended.transfer?.end(outcome)
        onEnd(
            Ending(
                outcome: outcome,
                status: ended.status,
                byteCount: counter.byteCount,
                duration: ContinuousClock.now - begin,
                firstByte: ended.firstByte,
                error: isWhole ? nil : error
            )
        )
    }
}
