import AsyncHTTPClient
import HTTPTypes
public import NIOCore
import NIOHTTP1
public import XetAccess
public import XetCore
import XetWire

/// Fetches xorb bytes from signed URLs.
///
/// The URL is the credential: no token is sent, and the signed range goes out exactly as it was given. Of an answer with more
/// than the range, such as the whole xorb, the range is taken; see ``RangeAnswer`` for what is read and thrown away then.
public struct CDNClient: XorbSource {
    private let http: UpstreamHTTP

    /// A client for any host that signed URLs name.
    public init(http: UpstreamHTTP) {
        self.http = http
    }

    public func fetch(_ fetch: FetchInfo, _ body: (ByteBuffer) async throws -> Void) async throws {
        guard let signed = HTTPAddress(fetch.url.secret) else {
            throw XetError(.invalidResponse, "the URL of a fetch info is no address")
        }
        let (response, address) =
            try await http.send(.GET, signed, of: .cdn, headers: ["Range": fetch.bytes.headerValue])
        if [401, 403, 410].contains(response.status.code) {
            throw XetError(.expired, "\(address) no longer accepts its signature")
        }
        let answer = try RangeAnswer(HTTPResponse(response), of: fetch.bytes, from: address)
        var received: UInt64 = 0
        defer { http.metrics.noteReceived(received, from: .cdn) }
        try await answer.forEach(in: response.body, from: address, received: { received += UInt64($0) }, body)
    }
}
