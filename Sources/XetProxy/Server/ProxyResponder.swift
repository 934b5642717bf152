import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import XetAccess
import XetCore
import XetWire

/// Gives each request to its route: the proxy's own first, and all others to the Hub's paths.
struct ProxyResponder: HTTPResponder {
    let status: StatusRoutes
    let health: HealthRoute
    let live: LiveRoute
    let ready: ReadyRoute
    let metrics: MetricsRoute
    let download: DownloadRoute
    let downloadHash: DownloadHashRoute
    let endpoint: EndpointRoute
    let observer: RequestObserver
    let limits: RequestLimits

    func respond(to request: Request, context: ProxyContext) async throws -> Response {
        do {
            return try await observer.observe(request, context) {
                let response = try await checked(request, context)
                // Nothing may follow the head of an answer to HEAD, errors included.
                return request.method == .head ? response.createHeadResponse() : response
            }
        } catch is CancellationError {
            // The client has gone, or sent what is no request any more: that is no failure of the server's.
            return .error(.requestTimeout, "the request was not sent to its end", headers: [.connection: "close"])
        }
    }

    private func checked(_ request: Request, _ context: ProxyContext) async throws -> Response {
        do {
            return try await limits.apply(to: request, context) { try await answer($0, context) }
        } catch let error as XetError {
            context.record.note(error)
            return .failure(error)
        } catch is NIOTooManyBytesError {
            return .refusal(.contentTooLarge, "the body is too large for this path")
        } catch let error as HTTPError {
            return .error(error.status, error.body ?? error.status.reasonPhrase)
        } catch is HTTPParserError {
            return .refusal(.badRequest, "the request is no HTTP")
        } catch let error as CancellationError {
            throw error
        } catch {
            context.logger.error(
                "request failed",
                metadata: ["path": "\(request.loggedPath)", "cause": "\(error)"]
            )
            return .error(.internalServerError, "the proxy could not answer this")
        }
    }

    private func answer(_ request: Request, _ context: ProxyContext) async throws -> Response {
        guard let route = RequestRoute(ownPath: request.uri.path) else {
            return try await whilePresent(context) { try await endpoint.respond(request, context) }
        }
        context.record.note(route)
        guard [.get, .head].contains(request.method) else {
            return .refusal(.methodNotAllowed, "\(request.method) is no method for this path", allow: [.get, .head])
        }
        switch route {
        case .download: return try await whilePresent(context) { try await download.respond(request, context) }
        case .downloadHash: return try await whilePresent(context) { try await downloadHash.respond(request, context) }
        case .health: return health.respond()
        case .livez: return live.respond()
        case .readyz: return try await whilePresent(context) { try await ready.respond() }
        case .metrics: return metrics.respond()
        default: return status.respond(request, context)
        }
    }

    /// Runs what waits for others for as long as the client is there.
    private func whilePresent(
        _ context: ProxyContext,
        _ body: () async throws -> Response
    ) async throws -> Response {
        try await context.departure().cancelling(body)
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
