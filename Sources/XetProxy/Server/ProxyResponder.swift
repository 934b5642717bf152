import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import XetAccess

/// Gives each request to its route: the proxy's own first, and all others to the Hub's paths.
struct ProxyResponder: HTTPResponder {
    let index: IndexPage
    let health: HealthRoute
    let download: DownloadRoute
    let downloadHash: DownloadHashRoute
    let endpoint: EndpointRoute

    func respond(to request: Request, context: ProxyContext) async throws -> Response {
        let response = try await checked(request, context)
        // Nothing may follow the head of an answer to HEAD, errors included.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func checked(_ request: Request, _ context: ProxyContext) async throws -> Response {
        do {
            return try await answer(request, context)
        } catch let error as XetError {
            context.logger.info(
                "request failed",
                metadata: ["path": "\(request.loggedPath)", "status": "\(error.status.code)", "cause": "\(error)"]
            )
            return .failure(error)
        } catch is NIOTooManyBytesError {
            return .refusal(.contentTooLarge, "the body is too large for this path")
        } catch let error as HTTPError {
            return .error(error.status, error.body ?? error.status.reasonPhrase)
        } catch is HTTPParserError {
            return .refusal(.badRequest, "the request is no HTTP")
        } catch is CancellationError {
            // The client has gone, most likely; if it has not, it sent half a request.
            return .refusal(.badRequest, "the request broke off")
        } catch {
            context.logger.error(
                "request failed",
                metadata: ["path": "\(request.loggedPath)", "cause": "\(error)"]
            )
            return .error(.internalServerError, "the proxy could not answer this")
        }
    }

    private func answer(_ request: Request, _ context: ProxyContext) async throws -> Response {
        switch request.uri.path {
        case "/": return readOnly(request) ?? index.respond(request)
        case "/health": return readOnly(request) ?? health.respond()
        case let path where path.hasPrefix(DownloadRoute.prefix):
            if let refusal = readOnly(request) { return refusal }
            return try await whilePresent(context) { try await download.respond(request, context) }
        case let path where path.hasPrefix(DownloadHashRoute.prefix):
            if let refusal = readOnly(request) { return refusal }
            return try await whilePresent(context) { try await downloadHash.respond(request, context) }
        default:
            return try await whilePresent(context) { try await endpoint.respond(request, context) }
        }
    }

    /// Runs what waits for others for as long as the client is there.
    private func whilePresent(
        _ context: ProxyContext,
        _ body: () async throws -> Response
    ) async throws -> Response {
        try await context.departure().cancelling(body)
    }

    /// The answer to what would change one of the proxy's own routes.
    private func readOnly(_ request: Request) -> Response? {
        guard request.method != .get, request.method != .head else { return nil }
        return .refusal(.methodNotAllowed, "\(request.method) is no method for this path", allow: [.get, .head])
    }
}

extension Request {
    /// The path without what gives access to anything.
    var loggedPath: Substring {
        let path = uri.path
        guard path.hasPrefix("/xorbs/") || path.hasPrefix("/addresses/"), let slash = path.lastIndex(of: "/") else {
            return path[...]
        }
        return path[...slash]
    }
}
