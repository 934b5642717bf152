import XetCore

/// What one viewer may see of the proxy at one moment.
struct StatusReport: Encodable, Sendable {
    /// A running transfer.
    struct Transfer: Encodable, Sendable {
        let id: UInt64
        /// Repository and path, or the repository if that is all that this viewer may know; `nil` if not even that.
        let name: String?
        /// The address that it goes to; `nil` if this viewer may not know it.
        let client: String?
        let kind: String
        let sent: UInt64
        /// `nil` if the size is not known.
        let total: UInt64?
        /// Bytes per second.
        let rate: UInt64
        let seconds: UInt64
    }

    /// A request that failed.
    struct Failure: Encodable, Sendable {
        let secondsAgo: UInt64
        let status: Int
        let route: String
        /// The kind of failure; names nothing.
        let summary: String
        /// `nil` if this viewer may not know it.
        let cause: String?
    }

    /// What the cache holds and saves.
    struct Cache: Encodable, Sendable {
        /// A repository of which much was saved.
        struct Saving: Encodable, Sendable {
            /// `nil` if this viewer may not know it.
            let name: String?
            let saved: UInt64
        }

        /// Bytes that are kept, and that may be.
        let size: UInt64
        let limit: UInt64
        /// Bytes that nobody had to fetch today.
        let saved: UInt64
        /// The repositories with most of them.
        let top: [Saving]
    }

    /// Counts since the start.
    struct Totals: Encodable, Sendable {
        let started: UInt64
        let finished: UInt64
        let cancelled: UInt64
        let aborted: UInt64
        let sent: UInt64
    }

    /// Most transfers that are listed; all are counted.
    static let maximumTransferCount = 100
    /// Most scalars of a name or a cause; what is longer was made to be long.
    static let maximumTextCount = 1000

    let version: String
    let hub: String
    /// Whether nobody upstream is asked.
    let isOffline: Bool
    let uptime: UInt64
    /// Transfers that run.
    let live: Int
    /// Bytes per second of all of them.
    let rate: UInt64
    let totals: Totals
    /// `nil` without a cache.
    let cache: Cache?
    let transfers: [Transfer]
    let failures: [Failure]

    /// What `snapshot` shows to `viewer`; `now` is in Unix seconds.
    init(
        version: String,
        hub: String,
        isOffline: Bool = false,
        uptime: UInt64,
        _ snapshot: TransferBook.Snapshot,
        for viewer: Viewer,
        publicly known: Set<Repository> = [],
        cache: Cache? = nil,
        now: UInt64
    ) {
        self.cache = cache
        self.version = version
        self.hub = hub
        self.isOffline = isOffline
        self.uptime = uptime
        live = snapshot.live.count
        rate = Self.rate(snapshot.live.reduce(0) { $0 + $1.bytesPerSecond })
        let counts = snapshot.totals
        totals = Totals(
            started: counts.startedCount,
            finished: counts.finishedCount,
            cancelled: counts.cancelledCount,
            aborted: counts.abortedCount,
            sent: counts.sentByteCount
        )
        transfers = snapshot.live.prefix(Self.maximumTransferCount).map { transfer in
            Transfer(
                id: transfer.id,
                name: transfer.subject.name(for: viewer, known).map(Self.bounded),
                client: viewer == .theOperator ? transfer.subject.client.map(Self.bounded) : nil,
                kind: transfer.subject.kind.rawValue,
                sent: transfer.sentByteCount,
                total: transfer.subject.byteCount,
                rate: Self.rate(transfer.bytesPerSecond),
                seconds: UInt64(max(0, transfer.age.components.seconds))
            )
        }
        failures = snapshot.failures.map { failure in
            Failure(
                secondsAgo: now - min(now, failure.time),
                status: failure.status,
                route: failure.route,
                summary: failure.summary,
                cause: viewer.isSame(as: failure.caller) ? Self.bounded(failure.cause) : nil
            )
        }
    }

    private static func bounded(_ text: String) -> String {
        guard text.unicodeScalars.count > maximumTextCount else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(maximumTextCount))) + "…"
    }

    private static func rate(_ bytesPerSecond: Double) -> UInt64 {
        bytesPerSecond > 0 && bytesPerSecond < 1e18 ? UInt64(bytesPerSecond) : 0
    }
}

extension StatusReport.Cache {
    /// Most repositories that are listed.
    static let repositoryCount = 5

    /// What `viewer` may see of it.
    init(
        size: Int,
        limit: Int,
        _ savings: SavingsBook,
        for viewer: Viewer,
        publicly known: Set<Repository>
    ) {
        let today = savings.top(Self.repositoryCount)
        self.init(
            size: UInt64(clamping: size),
            limit: UInt64(clamping: limit),
            saved: today.byteCount,
            top: today.savings.map { saving in
                let isVisible =
                    saving.isPublic || known.contains(saving.repository)
                    || saving.callers.contains { viewer.isSame(as: $0) } || viewer == .theOperator
                return Saving(name: isVisible ? saving.repository.description : nil, saved: saving.byteCount)
            }
        )
    }
}

extension TransferSubject {
    /// What may be told: everything, if the Hub gave the file to anyone or to this viewer's own token; the repository, if
    /// the Hub shows that to anyone.
    func name(for viewer: Viewer, _ known: Set<Repository>) -> String? {
        if visibility == .anyone || viewer.isSame(as: caller) { return name }
        return repository.flatMap { known.contains($0) ? $0.description : nil }
    }

    /// Repository and path, as far as they are known.
    private var name: String? {
        let parts = [repository?.description, path].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }
}
