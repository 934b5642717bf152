import HTTPTypes
import Hummingbird
import XetWire

/// A request that is answered with an error status.
struct RouteError: Error {
    let status: HTTPResponse.Status
    /// `X-Error-Code`.
    var code: String?
    /// `X-Error-Message` and the JSON body: a sentence without anything from the request.
    let message: String
    var headers = HTTPFields()

    init(_ status: HTTPResponse.Status, code: String? = nil, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static let notFound = RouteError(.notFound, "Sorry, we can't find the page you are looking for.")
    static let malformedHash = RouteError(.badRequest, "The hash is not 64 hex digits.")

    /// The same request is to be sent to another target of this origin, relative so that clients of all ages follow it.
    static func redirect(to target: String) -> RouteError {
        var error = RouteError(.temporaryRedirect, "Temporary Redirect")
        error.headers[.location] = target
        return error
    }

    /// The status, headers and body that clients expect.
    var response: Response {
        var headers = headers
        headers[.errorCode] = code
        headers[.errorMessage] = message
        headers[.cacheControl] = "no-store"
        return .json(ErrorBody(message), status: status, headers: headers)
    }
}
