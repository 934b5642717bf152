import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import XetClient
import XetWire

/// What is known of a request when it comes.
struct ObservedRequest: Sendable {
    /// Most characters of a `User-Agent` that are logged.
    private static let maximumAgentCount = 128

    let method: HTTPRequest.Method
    let record: RequestRecord
    let caller: CallerMark?
    /// Whether it has an `Authorization` field, whatever that holds.
    let hasAuthorization: Bool
    private let path: String
    private let trace: RequestTrace
    private let client: String?
    private let agent: String?

    init(_ request: Request, _ context: ProxyContext, _ trace: RequestTrace) {
        method = request.method
        record = context.record
        caller = (try? Caller.token(of: request.head, allowAnonymous: true)).flatMap { $0 }.map(CallerMark.init)
        hasAuthorization = request.headers[.authorization] != nil
        path = request.loggedPath
        self.trace = trace
        client = context.channel.remoteAddress?.ipAddress
        agent = request.headers[.userAgent].map { String($0.prefix(Self.maximumAgentCount)) }
    }

    /// The fields of its log line.
    func metadata(
        _ facts: RequestRecord.Facts,
        _ ending: AnswerObservation.Ending,
        cause: String?
    ) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "id": "\(trace.id)",
            "method": "\(method.rawValue)",
            "route": "\(facts.route.rawValue)",
            "status": .stringConvertible(ending.status),
            "bytes": .stringConvertible(ending.byteCount),
            "duration_ms": .stringConvertible(ending.duration.milliseconds),
            "outcome": "\(ending.outcome.rawValue)",
        ]
        metadata["repo"] = facts.repository.map { "\($0)" }
        // The path says less where the file is known, and as much where not.
        metadata[facts.path == nil ? "path" : "file"] = "\(facts.path ?? path)"
        metadata["ttfb_ms"] = ending.firstByte.map { .stringConvertible($0.milliseconds) }
        metadata["upstream_id"] = facts.upstreamID.map { "\($0)" }
        metadata["cause"] = cause.map { "\($0)" }
        metadata["client"] = client.map { "\($0)" }
        metadata["agent"] = agent.map { "\($0)" }
        metadata["trace"] = trace.parent.map { "\($0.traceID)" }
        return metadata
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
