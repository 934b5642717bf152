import HTTPTypes
import Hummingbird
import NIOCore
import XetCore
import XetWire

/// Answers with the bytes of a file, or with the part that is asked for.
struct ContentResponse: Sendable {
    private let byteCount: UInt64
    private let validators: Validators
    /// Headers that go with every status.
    private let headers: HTTPFields
    /// Hands the bytes of a range to its argument, in order.
    private let read: @Sendable (FileByteRange, (ByteBuffer) async throws -> Void) async throws -> Void

    init(
        _ entry: CatalogEntry,
        headers: HTTPFields,
        read: @escaping @Sendable (FileByteRange, (ByteBuffer) async throws -> Void) async throws -> Void
    ) {
        let modified = HTTPDate(unixSeconds: Int64(entry.stamp.modifiedSeconds))
        self.init(
            byteCount: entry.byteCount,
            validators: Validators(etag: entry.etag, lastModified: modified),
            headers: headers,
            read: read
        )
    }

    init(
        byteCount: UInt64,
        validators: Validators,
        headers: HTTPFields,
        read: @escaping @Sendable (FileByteRange, (ByteBuffer) async throws -> Void) async throws -> Void
    ) {
        self.byteCount = byteCount
        self.validators = validators
        self.headers = headers
        self.read = read
    }

    /// 200, 206, 304, 412 or 416.
    func response(to request: RouteRequest) -> Response {
        var headers = headers
        headers[.eTag] = validators.etag?.value
        headers[.lastModified] = validators.lastModified?.text
        headers[.acceptRanges] = "bytes"
        let method: HTTPRequest.Method = request.isHead ? .head : .get
        switch Selection(method, request.headers, of: validators, byteCount: byteCount) {
        case .preconditionFailed:
            var error = RouteError(.preconditionFailed, "The file is another version than the one asked for.")
            error.headers = headers
            return error.response
        case .notModified:
            return Response(status: .notModified, headers: headers)
        case .whole:
            return body(.ok, headers, FileByteRange(count: byteCount))
        case .part(let range):
            guard let bytes = HTTPByteRange(range) else { return unsatisfiable(headers) }
            headers[.contentRange] = ContentRangeHeader.satisfied(bytes, total: byteCount).value
            return body(.partialContent, headers, range)
        case .unsatisfiable:
            return unsatisfiable(headers)
        }
    }

    private func unsatisfiable(_ headers: HTTPFields) -> Response {
        var error = RouteError(.rangeNotSatisfiable, "The range begins after the end of the file.")
        error.headers = headers
        error.headers[.contentRange] = ContentRangeHeader.unsatisfied(total: byteCount).value
        return error.response
    }

    private func body(_ status: HTTPResponse.Status, _ headers: HTTPFields, _ range: FileByteRange) -> Response {
        let read = read
        return Response(
            status: status,
            headers: headers,
            body: .stream(byteCount: Int(range.count)) { write in try await read(range, write) }
        )
    }
}

extension ResponseBody {
    /// A body of known length.
    ///
    /// When `produce` throws, or gives another number of bytes, the connection breaks, so that no client takes what it
    /// got for the whole.
    static func stream(
        byteCount: Int,
        _ produce: @escaping @Sendable (@concurrent (ByteBuffer) async throws -> Void) async throws -> Void
    ) -> ResponseBody {
        ResponseBody(contentLength: byteCount) { writer in
            var sent = 0
            try await produce { piece in
                sent += piece.readableBytes
                try await writer.write(piece)
            }
            guard sent == byteCount else { throw BodyLengthError(expected: byteCount, found: sent) }
            try await writer.finish(nil)
        }
    }
}

/// A body turned out longer or shorter than its `Content-Length`.
struct BodyLengthError: Error, Hashable {
    let expected: Int
    let found: Int
}
