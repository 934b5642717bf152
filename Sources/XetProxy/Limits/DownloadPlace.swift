import Synchronization

/// The place of one download among those that may run.
///
/// An answer may be dropped before its body is asked for: then the place ends with it.
final class DownloadPlace: Sendable {
    /// What it counts for.
    struct Hold: Sendable {
        let client: DownloadClient
        /// Whose downloads it is one of.
        var key: ClientKey
        /// Whether the Hub has yet to be asked.
        var isUnaccepted: Bool

        /// `isKnown` says whether the Hub has accepted the client's token before.
        init(_ client: DownloadClient, isKnown: Bool) {
            self.client = client
            isUnaccepted = client.isAsked && !isKnown
            key = isKnown ? client.caller.map { .token($0) } ?? client.address : client.address
        }
    }

    private let limiter: DownloadLimiter
    private let hold: Mutex<Hold?>

    init(_ hold: Hold, of limiter: DownloadLimiter) {
        self.limiter = limiter
        self.hold = Mutex(hold)
    }

    deinit { giveBack() }

    /// The Hub has let the request through.
    func accept() throws(DownloadLimiter.Refusal) {
        guard let before = hold.withLock({ $0 }) else { return }
        let after = try limiter.accept(before)
        hold.withLock { $0 = after }
    }

    /// Makes room for another; does nothing the second time.
    func giveBack() {
        guard let last = hold.withLock({ $0.take() }) else { return }
        limiter.giveBack(last)
    }
}
