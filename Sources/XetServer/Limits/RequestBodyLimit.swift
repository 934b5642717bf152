import HTTPTypes
import Hummingbird
import NIOCore

/// Refuses requests with longer bodies than the operator grants.
struct RequestBodyLimit: Sendable {
    let byteCount: Int
    let onRefusal: @Sendable () -> Void

    /// What `answer` answers, or `refusal`.
    ///
    /// The body that `answer` gets is never longer than it may be.
    func apply(
        to request: Request,
        isStream: Bool,
        _ answer: (Request) async throws -> Response,
        refusal: (_ message: String) -> Response
    ) async throws -> Response {
        let length = request.headers[.contentLength].flatMap { Int($0) }
        if let length {
            guard length > byteCount else { return try await answer(request) }
        } else {
            let body = LimitedBody(base: request.body, byteCount: byteCount)
            var request = request
            request.body = RequestBody(asyncSequence: body)
            do {
                return try await answer(request)
            } catch  where body.overflow.hasHappened {}
        }
        onRefusal()
        var response = refusal("a request may have \(byteCount) bytes here")
        // What still comes of the body is not read, so nothing can follow it on the connection.
        if !isStream { response.headers[.connection] = "close" }
        return response
    }
}
