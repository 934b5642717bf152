import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetCore
import XetWire

/// `GET` of a ``XorbAddress``: serialized chunks.
///
/// The `Range` header has to be one of the signed ranges, or all of them in order; anything else is 403.
/// Source: reference client.
struct XorbBytesRoute: Route {
    let addresses: XorbAddress
    let xorbs: any XorbStore

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let content = try addresses.parse(request) else { return nil }
        guard let ranges = Self.ranges(asked: request.headers[.range], content) else {
            throw RouteError(.forbidden, "The address is signed for other ranges.")
        }
        guard let index = try await xorbs.index(of: content.xorb) else {
            throw RouteError(.notFound, "The xorb is not known.")
        }
        var headers = HTTPFields()
        headers[.eTag] = EntityTag(strong: content.xorb.text).value
        headers[.cacheControl] = "public, immutable, max-age=\(content.remainingLife)"
        headers[.acceptRanges] = "bytes"
        let total = UInt64(index.serializedByteCount)
        if ranges.count == 1 {
            return single(ranges[0], total: total, content.xorb, headers)
        }
        return multipart(ranges, total: total, content.xorb, headers)
    }

    private static func ranges(asked header: String?, _ content: XorbAddress.Content) -> [HTTPByteRange]? {
        guard let header else { return nil }
        if header == "bytes=\(content.rangesText)" { return content.ranges }
        guard case .closed(let range) = RangeHeader(header), content.ranges.contains(range) else { return nil }
        return [range]
    }

    private func single(_ range: HTTPByteRange, total: UInt64, _ xorb: XorbHash, _ fields: HTTPFields) -> Response {
        var headers = fields
        headers[.contentType] = "application/octet-stream"
        headers[.contentRange] = ContentRangeHeader.satisfied(range, total: total).value
        let xorbs = xorbs
        return Response(
            status: .partialContent,
            headers: headers,
            body: .stream(byteCount: Int(range.count)) { write in try await xorbs.read(range, of: xorb, write) }
        )
    }

    private func multipart(
        _ ranges: [HTTPByteRange],
        total: UInt64,
        _ xorb: XorbHash,
        _ fields: HTTPFields
    ) -> Response {
        let multipart = MultipartRanges(ranges, total: total)
        var headers = fields
        headers[.contentType] = multipart.contentType
        let xorbs = xorbs
        return Response(
            status: .partialContent,
            headers: headers,
            body: .stream(byteCount: multipart.byteCount) { write in
                for part in multipart.parts {
                    try await write(ByteBuffer(string: part.head))
                    try await xorbs.read(part.range, of: xorb, write)
                }
                try await write(ByteBuffer(string: multipart.end))
            }
        )
    }
}

/// The frame of a `multipart/byteranges` body (RFC 9110, section 14.6).
struct MultipartRanges: Hashable, Sendable {
    struct Part: Hashable, Sendable {
        /// Delimiter and headers.
        let head: String
        let range: HTTPByteRange
    }

    let parts: [Part]
    /// The last delimiter.
    let end: String
    let contentType: String

    init(_ ranges: [HTTPByteRange], total: UInt64, boundary: String = Self.randomBoundary()) {
        parts = ranges.map { range in
            let contentRange = ContentRangeHeader.satisfied(range, total: total).value
            let fields = "Content-Type: application/octet-stream\r\nContent-Range: \(contentRange)"
            return Part(head: "\r\n--\(boundary)\r\n\(fields)\r\n\r\n", range: range)
        }
        end = "\r\n--\(boundary)--\r\n"
        contentType = "multipart/byteranges; boundary=\(boundary)"
    }

    /// Length of the whole body.
    var byteCount: Int {
        parts.reduce(end.utf8.count) { $0 + $1.head.utf8.count + Int($1.range.count) }
    }

    /// Long enough not to occur in the parts by chance.
    private static func randomBoundary() -> String {
        (0..<16).map { _ in UInt8.random(in: .min ... .max) }.hexText
    }
}
