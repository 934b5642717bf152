import HTTPTypes
import Hummingbird
import NIOCore
import XetCore
import XetServer
import XetWire

/// A text that is the same for everybody, part of the program.
struct StaticDocument: Sendable {
    private let contentType: String
    private let text: ByteBuffer
    private let etag: String

    init(_ text: String, contentType: String) {
        self.contentType = contentType
        self.text = ByteBuffer(string: text)
        let hash = ChunkHash(ofChunk: Array(text.utf8).rawSpan)
        etag = EntityTag(strong: String(hash.text.prefix(16))).value
    }

    func respond(_ request: Request) -> Response {
        var headers = HTTPFields.page(contentType: contentType, cacheControl: "no-cache")
        headers[.eTag] = etag
        let known = request.headers[.ifNoneMatch].map(EntityTag.list) ?? []
        if let etag = EntityTag(etag), known.contains(where: { $0.opaque == etag.opaque }) {
            return .bare(.notModified, headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: text))
    }
}
