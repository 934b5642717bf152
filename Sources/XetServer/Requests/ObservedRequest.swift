import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What is known of a request when it comes.
struct ObservedRequest: Sendable {
    /// Most characters of a `User-Agent` that are logged.
    private static let maximumAgentCount = 128

    let head: HTTPRequest
    private let path: String
    private let identity: RequestIdentity
    private let client: String?
    private let agent: String?

    init(_ request: Request, path: String, _ identity: RequestIdentity, client: SocketAddress?) {
        head = request.head
        self.path = path
        self.identity = identity
        self.client = client?.ipAddress
        agent = request.headers[.userAgent].map { String($0.prefix(Self.maximumAgentCount)) }
    }

    /// The fields of its log line.
    func metadata(_ facts: RequestFacts, _ ending: AnswerObservation.Ending, cause: String?) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "id": "\(identity.id)",
            "method": "\(head.method.rawValue)",
            "route": "\(facts.route.name)",
            "status": .stringConvertible(ending.status),
            "bytes": .stringConvertible(ending.byteCount),
            "duration_ms": .stringConvertible(ending.duration.milliseconds),
            "outcome": "\(ending.outcome.rawValue)",
        ]
        for (name, value) in facts.fields { metadata[name] = "\(value)" }
        // The path says less where the file is known, and as much where not.
        if facts.fields["file"] == nil { metadata["path"] = "\(path)" }
        metadata["ttfb_ms"] = ending.firstByte.map { .stringConvertible($0.milliseconds) }
        metadata["upstream_id"] = facts.upstreamID.map { "\($0)" }
        metadata["cause"] = cause.map { "\($0)" }
        metadata["client"] = client.map { "\($0)" }
        metadata["agent"] = agent.map { "\($0)" }
        metadata["trace"] = identity.parent.map { "\($0.traceID)" }
        return metadata
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
