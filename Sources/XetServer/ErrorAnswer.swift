package import HTTPTypes
package import Hummingbird
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The body of an error status.
enum ErrorText {
    private struct Body: Encodable {
        let error: String
    }

    /// As JSON: `{"error": "..."}`.
    static func json(_ message: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(Body(error: message))).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension Response {
    /// `{"error": "..."}` with a status.
    package static func error(
        _ status: HTTPResponse.Status,
        _ message: String,
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        let body = ByteBuffer(string: ErrorText.json(message))
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
