import HTTPTypes
import Hummingbird
import XetAccess
import XetCore
import XetServer
import XetWire

/// Gives each request to its route: the proxy's own first, and all others to the Hub's paths.
struct ProxyRoutes: ServerRoutes {
    let status: StatusRoutes
    let health: HealthRoute
    let live: LiveRoute
    let ready: ReadyRoute
    let metrics: MetricsRoute
    let download: DownloadRoute
    let downloadHash: DownloadHashRoute
    let endpoint: EndpointRoute
    let limits: RequestLimits
    let crossOrigin: CrossOrigin
    let operators: OperatorAccess

    func answer(_ request: Request, _ context: ProxyContext) async throws -> Response {
        if let preflight = crossOrigin.preflight(request, context) { return preflight }
        return try await limits.apply(to: request, context) { try await route(request, context) }
    }

    func response(to error: any Error, _ context: ProxyContext) -> Response? {
        guard let error = error as? XetError else { return nil }
        context.record.note(error)
        return .failure(error)
    }

    func finish(_ response: inout Response, to request: HTTPRequest, _ context: ProxyContext) {
        AnswerProtection.apply(to: &response, of: request, context.record.facts.route)
        crossOrigin.mark(&response, for: request)
    }

    func refusal(_ status: HTTPResponse.Status, _ message: String) -> Response { .refusal(status, message) }

    private func route(_ request: Request, _ context: ProxyContext) async throws -> Response {
        let route = RequestRoute(ownPath: request.uri.path)
        if operators.matches(request.head), route?.isStatus != true {
            return .refusal(.forbidden, "the operator's token opens \(OperatorAccess.path), and is none of the Hub's")
        }
        guard let route else {
            return try await context.whilePresent { try await endpoint.respond(request, context) }
        }
        context.record.note(route)
        guard [.get, .head].contains(request.method) else {
            return .refusal(.methodNotAllowed, "\(request.method) is no method for this path", allow: [.get, .head])
        }
        switch route {
        case .download: return try await context.whilePresent { try await download.respond(request, context) }
        case .downloadHash: return try await context.whilePresent { try await downloadHash.respond(request, context) }
        case .health: return health.respond()
        case .livez: return live.respond()
        case .readyz: return try await context.whilePresent { try await ready.respond() }
        case .metrics: return metrics.respond()
        default: return try await status.respond(request, context)
        }
    }
}

extension Request {
    /// The path without what gives access to anything.
    var loggedPath: String {
        // As the routes read it: cut at its slashes, then decoded.
        let first = uri.path.segments(separatedBy: "/").dropFirst().first.flatMap { PercentEncoding.decode($0) }
        guard let first, ["xorbs", "addresses"].contains(first) else { return uri.path }
        return "/\(first)/"
    }
}
