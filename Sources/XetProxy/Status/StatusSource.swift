import HTTPTypes
import XetAccess
import XetCore

/// Makes a ``StatusReport`` for whoever asks.
struct StatusSource: Sendable {
    let version: String
    let hub: String
    let book: TransferBook
    let savings: SavingsBook
    let publics: PublicRepositories
    let operators: OperatorAccess
    let cache: (any SiteCache)?
    let isOffline: Bool
    /// Unix seconds.
    let now: @Sendable () -> UInt64
    /// When the proxy started, in Unix seconds.
    let start: UInt64

    init(
        version: String,
        hub: String,
        book: TransferBook,
        savings: SavingsBook,
        publics: PublicRepositories = PublicRepositories { _ in nil },
        operators: OperatorAccess = OperatorAccess(nil),
        cache: (any SiteCache)? = nil,
        isOffline: Bool = false,
        now: @escaping @Sendable () -> UInt64
    ) {
        self.version = version
        self.hub = hub
        self.book = book
        self.savings = savings
        self.publics = publics
        self.operators = operators
        self.cache = cache
        self.isOffline = isOffline
        self.now = now
        start = now()
    }

    /// The report for the sender of `request`, who is known by its token alone.
    func report(for request: HTTPRequest) async -> StatusReport {
        let snapshot = book.snapshot
        await publics.learn(
            snapshot.live.lazy.filter { $0.subject.visibility == .unknown }.compactMap(\.subject.repository)
        )
        let (now, viewer, known) = (now(), viewer(request), publics.known)
        return StatusReport(
            version: version,
            hub: hub,
            isOffline: isOffline,
            uptime: now - min(now, start),
            snapshot,
            for: viewer,
            publicly: known,
            cache: cache.map {
                StatusReport.Cache(
                    size: $0.size.byteCount,
                    limit: $0.size.limit,
                    savings,
                    for: viewer,
                    publicly: known
                )
            },
            now: now
        )
    }

    private func viewer(_ request: HTTPRequest) -> Viewer {
        if operators.matches(request) { return .theOperator }
        // A field that is no token is no reason to refuse the page.
        let token = try? Caller.token(of: request, allowAnonymous: true)
        return token.map { .caller(CallerMark($0)) } ?? .anyone
    }
}
