/// Decides whether a client takes its answers too slowly.
///
/// Only time counts in which the server waits for the client; one that the server keeps waiting is never too slow. The verdict
/// comes each time such waits add up to ``window``.
struct ClientPace<Instant: InstantProtocol> where Instant.Duration == Duration {
    enum Verdict: Equatable {
        /// Nothing to do.
        case fine
        /// Look again then, if the wait still lasts.
        case lookAgain(at: Instant)
        /// The client took less than it has to.
        case tooSlow
    }

    /// How much waiting is looked at together.
    static var window: Duration { .seconds(60) }

    /// Bytes that a client has to take while it is waited for so long.
    private let leastByteCount: Int
    private var waitBegin: Instant?
    /// Waiting of this window that is over.
    private var waited = Duration.zero
    /// What the client had taken when this window began.
    private var takenBefore = 0

    /// `leastRate` is in bytes per second.
    init(leastRate: Int) {
        leastByteCount = leastRate * Int(Self.window.components.seconds)
    }

    /// The server has more for the client than it takes.
    mutating func beginWait(_ now: Instant) -> Verdict {
        if waitBegin == nil { waitBegin = now }
        return .lookAgain(at: now.advanced(by: Self.window - waited))
    }

    /// The client is ready for more.
    mutating func endWait(_ now: Instant) {
        guard let begin = waitBegin else { return }
        waited += begin.duration(to: now)
        waitBegin = nil
    }

    /// Judges; `taken` is how many bytes the client has taken so far, in all.
    mutating func look(_ now: Instant, taken: Int) -> Verdict {
        let isWaiting = waitBegin != nil
        endWait(now)
        if isWaiting { waitBegin = now }
        guard waited >= Self.window else {
            return isWaiting ? .lookAgain(at: now.advanced(by: Self.window - waited)) : .fine
        }
        if taken - takenBefore < leastByteCount { return .tooSlow }
        takenBefore = taken
        waited = .zero
        return isWaiting ? .lookAgain(at: now.advanced(by: Self.window)) : .fine
    }
}
