import HTTPTypes
import XetAccess

/// Makes a ``StatusReport`` for whoever asks.
struct StatusSource: Sendable {
    let version: String
    let hub: String
    let book: TransferBook
    /// Unix seconds.
    let now: @Sendable () -> UInt64
    /// When the proxy started, in Unix seconds.
    let start: UInt64

    init(version: String, hub: String, book: TransferBook, now: @escaping @Sendable () -> UInt64) {
        self.version = version
        self.hub = hub
        self.book = book
        self.now = now
        start = now()
    }

    /// The report for the sender of `request`, who is known by its token alone.
    func report(for request: HTTPRequest) -> StatusReport {
        let now = now()
        // A field that is no token is no reason to refuse the page.
        let token = try? Caller.token(of: request, allowAnonymous: true)
        return StatusReport(
            version: version,
            hub: hub,
            uptime: now - min(now, start),
            book.snapshot,
            for: token.map(CallerMark.init),
            now: now
        )
    }
}
