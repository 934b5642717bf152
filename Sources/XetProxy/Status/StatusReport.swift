import XetCore

/// What one viewer may see of the proxy at one moment.
struct StatusReport: Encodable, Sendable {
    /// A running transfer.
    struct Transfer: Encodable, Sendable {
        let id: UInt64
        /// Repository and path; `nil` if this viewer may not know them.
        let name: String?
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
    let uptime: UInt64
    /// Transfers that run.
    let live: Int
    /// Bytes per second of all of them.
    let rate: UInt64
    let totals: Totals
    let transfers: [Transfer]
    let failures: [Failure]

    /// What `snapshot` shows to `viewer`; `now` is in Unix seconds.
    init(
        version: String,
        hub: String,
        uptime: UInt64,
        _ snapshot: TransferBook.Snapshot,
        for viewer: CallerMark?,
        now: UInt64
    ) {
        self.version = version
        self.hub = hub
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
                name: transfer.subject.isVisible(to: viewer) ? transfer.subject.name.map(Self.bounded) : nil,
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
                cause: viewer != nil && failure.caller == viewer ? Self.bounded(failure.cause) : nil
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

extension TransferSubject {
    /// Whether the names may be told: the Hub gave the file to anyone, or to this viewer's own token.
    func isVisible(to viewer: CallerMark?) -> Bool {
        switch visibility {
        case .anyone: true
        case .unknown: viewer != nil && caller == viewer
        }
    }

    /// Repository and path, as far as they are known.
    var name: String? {
        let parts = [repository?.description, path].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }
}
