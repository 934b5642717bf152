import HTTPTypes
import Hummingbird
import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// JSON as answers hold it.
enum JSONText {
    static func encode(_ body: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(body))
        } catch {
            preconditionFailure("bodies hold strings, integers and booleans only: \(error)")
        }
    }
}

extension Response {
    /// A JSON answer.
    static func json(
        _ body: some Encodable,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = HTTPFields()
    ) -> Response {
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        let bytes = ByteBuffer(bytes: JSONText.encode(body))
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: bytes))
    }
}
