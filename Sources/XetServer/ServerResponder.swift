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
                let response = try await checked(request, context)
                // Nothing may follow the head of an answer to HEAD, errors included.
                return request.method == .head ? .bare(response.status, response.headers) : response
            }
        } catch is CancellationError {
            // The client has gone, or sent what is no request any more: that is no failure of the server's.
            return .error(.requestTimeout, "the request was not sent to its end", headers: [.connection: "close"])
        }
    }

    private func checked(_ request: Request, _ context: Routes.Context) async throws -> Response {
        do {
            return try await bodyLimit.apply(to: request, isStream: context.isStream) { request in
                try await routes.answer(request, context)
            } refusal: { message in
                routes.refusal(.contentTooLarge, message)
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            return answer(to: error, request, context)
        }
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
