import HTTPTypes
import Hummingbird
import Logging
import XetAccess

/// Turns failures before the head into statuses.
struct ErrorMiddleware: RouterMiddleware {
    func handle(
        _ request: Request,
        context: ProxyContext,
        next: @concurrent (Request, ProxyContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as XetError {
            context.logger.info(
                "request failed",
                metadata: ["path": "\(request.uri.path)", "status": "\(error.status.code)", "cause": "\(error)"]
            )
            return .failure(error)
        } catch let error as HTTPError {
            return .error(error.status, error.body ?? error.status.reasonPhrase)
        }
    }
}
