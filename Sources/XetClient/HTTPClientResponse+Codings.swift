import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import XetAccess
import XetWire

extension HTTPClientResponse {
    /// Lets no body through whose coding nobody asked for: it would be taken for the content itself.
    ///
    /// `accepted` holds the values of the request's `Accept-Encoding`. An answer that is no success keeps its status and
    /// loses its body, which says nothing that is needed. Throws `.invalidResponse` for a success.
    mutating func refuseCodings(
        acceptedBy accepted: [String],
        _ method: HTTPMethod,
        from address: HTTPAddress
    ) throws(XetError) {
        if [204, 304].contains(status.code) { return }
        let content = ContentCodings(headers["Content-Encoding"])
        // Nothing but pieces was asked for, and the client has put these together.
        let transfer = ContentCodings(headers["Transfer-Encoding"])
        let isPlain = content.isEmpty || content.areAccepted(by: accepted)
        if isPlain, method == .HEAD || transfer.isEmpty || transfer.names == ["chunked"] { return }
        guard !status.isSuccess else {
            let coding = isPlain ? transfer : content
            throw XetError(
                .invalidResponse,
                "\(address) answered in the coding \(coding), which it was not asked for"
            )
        }
        headers.remove(name: "Content-Encoding")
        headers.remove(name: "Transfer-Encoding")
        guard method != .HEAD else { return }
        headers.replaceOrAdd(name: "Content-Length", value: "0")
        body = .bytes(ByteBuffer())
    }
}
