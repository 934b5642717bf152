import Synchronization

/// One answer on its way, until it ends: once, however it does.
package final class AnswerObservation: Sendable {
    /// How an answer ended.
    package struct Ending: Sendable {
        package let outcome: AnswerOutcome
        /// The status that was sent; 499 if the client left before.
        package let status: Int
        package let byteCount: UInt64
        package let duration: Duration
        /// When the first byte of the body was written; `nil` if there was none.
        package let firstByte: Duration?
        /// What led to it, unless the answer itself says so.
        package let error: (any Error)?
    }

    /// The client left before there was an answer.
    static let leftStatus = 499

    private struct State {
        var status = AnswerObservation.leftStatus
        var byteCount: UInt64?
        var firstByte: Duration?
        var follower: (any AnswerFollower)?
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let sent = Atomic<UInt64>(0)
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

    /// Notes the head, which announces `byteCount` bytes, and who else follows the body.
    func note(status: Int, byteCount: UInt64? = nil, _ follower: (any AnswerFollower)? = nil) {
        state.withLock { state in
            state.status = status
            state.byteCount = byteCount
            state.follower = follower
        }
    }

    func noteFirstByte() {
        let elapsed = ContinuousClock.now - begin
        state.withLock { state in
            if state.firstByte == nil { state.firstByte = elapsed }
        }
    }

    func note(sent byteCount: Int) {
        sent.wrappingAdd(UInt64(byteCount), ordering: .relaxed)
        state.withLock { $0.follower }?.note(byteCount)
        onBytes(byteCount)
    }

    /// Notes the end, the first time.
    ///
    /// A client that leaves as soon as it has all of a body has not left early, whether or not the end was written yet.
    func end(_ outcome: AnswerOutcome, error: (any Error)? = nil) {
        let ended = state.withLock { state -> State? in
            guard !state.hasEnded else { return nil }
            defer {
                state.hasEnded = true
                state.follower = nil
            }
            return state
        }
        guard let ended else { return }
        let byteCount = sent.load(ordering: .relaxed)
        let isWhole = outcome == .cancelled && ended.byteCount == byteCount
        let outcome = isWhole ? .finished : outcome
        ended.follower?.end(outcome)
        onEnd(
            Ending(
                outcome: outcome,
                status: ended.status,
                byteCount: byteCount,
                duration: ContinuousClock.now - begin,
                firstByte: ended.firstByte,
                error: isWhole ? nil : error
            )
        )
    }
}
