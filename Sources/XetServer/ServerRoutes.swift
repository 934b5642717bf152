package import HTTPTypes
package import Hummingbird

/// What a server of ours answers; the shell does the rest.
package protocol ServerRoutes<Context>: Sendable {
    associatedtype Context: ServerContext

    /// The answer to a request.
    ///
    /// What it throws becomes what ``response(to:_:)`` says.
    func answer(_ request: Request, _ context: Context) async throws -> Response
    /// The answer that stands for an error of the routes' own; `nil` for one that they do not know.
    func response(to error: any Error, _ context: Context) -> Response?
    /// What every answer passes before it leaves, errors included.
    func finish(_ response: inout Response, to request: HTTPRequest, _ context: Context)
    /// An error status with a sentence, as the clients of these routes are told.
    func refusal(_ status: HTTPResponse.Status, _ message: String) -> Response
}

extension ServerRoutes {
    package func finish(_ response: inout Response, to request: HTTPRequest, _ context: Context) {}
    package func refusal(_ status: HTTPResponse.Status, _ message: String) -> Response { .error(status, message) }
}
