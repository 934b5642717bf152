import HTTPTypes
import Hummingbird
import NIOCore
import XetAccess
import XetCore
import XetStore
import XetWire

/// `GET` of a ``XorbAddress``: serialized chunks.
///
/// Every chunk is checked before it leaves. The `Range` header has to be one of the signed ranges, or all of them in order; anything else is 403.
/// Source: reference client.
struct XorbBytesRoute: Route {
    let addresses: XorbAddress
    let xorbs: any XorbStore
    let reader: CheckedXorbReader

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let content = try addresses.parse(request) else { return nil }
        guard let ranges = Self.ranges(asked: request.headers[.range], content) else {
            throw RouteError(.forbidden, "The address is signed for other ranges.")
        }
        guard let index = try await xorbs.index(of: content.xorb) else {
            throw RouteError(.notFound, "The xorb is not known.")
        }
        // Signed when the xorb was kept in another form, before it was damaged and kept anew.
        let parts = try ranges.map { range in
            guard let chunks = index.chunks(serialized: range) else {
                throw RouteError(.forbidden, "The address is signed for other ranges.")
            }
            return Part(range: range, chunks: chunks)
        }
        var headers = HTTPFields()
        headers[.eTag] = EntityTag(strong: content.xorb.text).value
        headers[.cacheControl] = "public, immutable, max-age=\(content.remainingLife)"
        headers[.acceptRanges] = "bytes"
        return parts.count == 1 ? single(parts[0], index, headers) : multipart(parts, index, headers)
    }

    /// A range, and the chunks that it is.
    private struct Part {
        let range: HTTPByteRange
        let chunks: ChunkRange
    }

    private static func ranges(asked header: String?, _ content: XorbAddress.Content) -> [HTTPByteRange]? {
        guard let header else { return nil }
        if header == "bytes=\(content.rangesText)" { return content.ranges }
        guard case .closed(let range) = RangeHeader(header), content.ranges.contains(range) else { return nil }
        return [range]
    }

    private func single(_ part: Part, _ index: XorbIndex, _ fields: HTTPFields) -> Response {
        var headers = fields
        headers[.contentType] = "application/octet-stream"
        let total = UInt64(index.serializedByteCount)
        headers[.contentRange] = ContentRangeHeader.satisfied(part.range, total: total).value
        let (reader, chunks) = (reader, part.chunks)
        return Response(
            status: .partialContent,
            headers: headers,
            body: .stream(byteCount: Int(part.range.count)) { write in
                try await reader.read(chunks, of: index, write)
            }
        )
    }

    private func multipart(_ parts: [Part], _ index: XorbIndex, _ fields: HTTPFields) -> Response {
        let multipart = MultipartRanges(parts.map(\.range), total: UInt64(index.serializedByteCount))
        var headers = fields
        headers[.contentType] = multipart.contentType
        let reader = reader
        let chunks = parts.map(\.chunks)
        return Response(
            status: .partialContent,
            headers: headers,
            body: .stream(byteCount: multipart.byteCount) { write in
                for (part, chunks) in zip(multipart.parts, chunks) {
                    try await write(ByteBuffer(string: part.head))
                    try await reader.read(chunks, of: index, write)
                }
                try await write(ByteBuffer(string: multipart.end))
            }
        )
    }
}
