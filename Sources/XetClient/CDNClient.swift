import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
public import XetAccess
import XetCore
import XetWire

/// Fetches xorb bytes from signed URLs.
///
/// The URL is the credential: no token is sent, and the signed range goes out exactly as it was given. Of an answer with more
/// than the range, such as the whole xorb, the range is taken; see ``RangeAnswer`` for what is read and thrown away then.
/// Several ranges of one URL are asked for with one request where the host answers that; see `CDNClient+Ranges.swift`.
public struct CDNClient: XorbSource {
    let http: UpstreamHTTP
    var hosts: MultipartHosts { http.multipartHosts }

    /// A client for any host that signed URLs name.
    public init(http: UpstreamHTTP) {
        self.http = http
    }

    public func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws {
        try await self.fetch(fetch.info) { try await body(XorbPiece($0)) }
    }

    func fetch(_ fetch: FetchInfo, _ body: (ByteBuffer) async throws -> Void) async throws {
        let (response, address) =
            try await http.send(.GET, try Self.address(fetch), of: .cdn, headers: ["Range": fetch.bytes.headerValue])
        if Self.isExpired(response) {
            throw XetError(.expired, "\(address) no longer accepts its signature")
        }
        let answer = try RangeAnswer(HTTPResponse(response), of: fetch.bytes, from: address)
        var received: UInt64 = 0
        defer { http.metrics.noteReceived(received, from: .cdn) }
        try await answer.forEach(in: response.body, from: address, received: { received += UInt64($0) }, body)
    }

    static func address(_ fetch: FetchInfo) throws(XetError) -> HTTPAddress {
        guard fetch.url != .kept else { throw XetError(.expired, "the chunks are no longer kept, and have no URL") }
        guard let address = HTTPAddress(fetch.url.secret) else {
            throw XetError(.invalidResponse, "the URL of a fetch info is no address")
        }
        return address
    }

    static func isExpired(_ response: HTTPClientResponse) -> Bool {
        [401, 403, 410].contains(response.status.code)
    }
}
