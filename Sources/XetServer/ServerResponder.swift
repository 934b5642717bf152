import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Has the routes answer each request, observed and within the limits, and makes answers of what goes wrong.
struct ServerResponder<Routes: ServerRoutes, Watcher: RequestWatcher>: HTTPResponder
where Watcher.Context == Routes.Context {
    let routes: Routes
    let observer: RequestObserver<Watcher>
    let bodyLimit: RequestBodyLimit

    func respond(to request: Request, context: Routes.Context) async throws -> Response {
        do {
            return try await observer.observe(request, context) {
                var response = try await checked(request, context)
                routes.finish(&response, to: request.head, context)
                // Nothing may follow the head of an answer to HEAD, errors included.
                return request.method == .head ? .bare(response.status, response.headers) : response
            }
        } catch is CancellationError {
            // The client has gone, or sent what is no request any more: that is no failure of the server's.
            var response = routes.refusal(.requestTimeout, "the request was not sent to its end")
            if !context.isStream { response.headers[.connection] = "close" }
            return response
        }
    }

    private func checked(_ request: Request, _ context: Routes.Context) async throws -> Response {
        do {
            let request = try expected(request, context)
            let response = try await bodyLimit.apply(to: request, isStream: context.isStream) { request in
                try await routes.answer(request, context)
            } refusal: { message in
                routes.refusal(.contentTooLarge, message)
            }
            // Such an answer promises another one: no client takes it for the last, and none would come.
            guard response.status.kind != .informational else {
                return routes.refusal(.badGateway, "the server behind this one did not answer to the end")
            }
            return response
        } catch let error as RequestRefusal {
            var response = routes.refusal(error.status, error.message)
            if !context.isStream { response.headers[.connection] = "close" }
            return response
        } catch let error as CancellationError {
            throw error
        } catch {
            return answer(to: error, request, context)
        }
    }

    /// The request, checked for what both versions of HTTP ask of it; reading its body has the client send it.
    ///
    /// Source: RFC 9110, sections 7.2 and 10.1.1; RFC 9113, section 8.3.1.
    private func expected(_ request: Request, _ context: Routes.Context) throws(RequestRefusal) -> Request {
        if context.isStream {
            let host = request.headers[.host]
            guard let authority = request.head.authority ?? host, HTTP1Request.isAuthority(authority) else {
                throw RequestRefusal("the request does not say which host it is for")
            }
            guard host == nil || host?.lowercased() == authority.lowercased() else {
                throw RequestRefusal("the Host header is not the authority of the request")
            }
        }
        guard try Expectation.waits(request.head) else { return request }
        var request = request
        request.body = RequestBody(asyncSequence: ExpectedBody(base: request.body, channel: context.channel))
        return request
    }

    private func answer(to error: any Error, _ request: Request, _ context: Routes.Context) -> Response {
        if let response = routes.response(to: error, context) { return response }
        switch error {
        case is NIOTooManyBytesError:
            return routes.refusal(.contentTooLarge, "the body is too large for this path")
        case let error as HTTPError:
            return routes.refusal(error.status, error.body ?? error.status.reasonPhrase)
        case is HTTPParserError:
            return routes.refusal(.badRequest, "the request is no HTTP")
        default:
            context.logger.error(
                "request failed",
                metadata: ["path": "\(observer.watcher.loggedPath(request))", "cause": "\(error)"]
            )
            return routes.refusal(.internalServerError, "the server could not answer this")
        }
    }
}
