import AsyncHTTPClient
import HTTPTypes
public import NIOCore
import NIOHTTP1
public import XetAccess
public import XetCore
import XetWire

/// Fetches xorb bytes from signed URLs.
///
/// The URL is the credential: no token is sent, and the signed range goes out exactly as it was given.
public struct CDNClient: XorbSource {
    private let http: UpstreamHTTP

    /// A client for any host that signed URLs name.
    public init(http: UpstreamHTTP) {
        self.http = http
    }

    public func fetch(_ fetch: FetchInfo, _ body: (ByteBuffer) async throws -> Void) async throws {
        let (response, address) = try await open(fetch)
        try Self.check(response, fetch, address)
        var received: UInt64 = 0
        defer { http.metrics.noteReceived(received, from: .cdn) }
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                throw UpstreamHTTP.failure(error, address)
            }
            guard let piece else { break }
            received += UInt64(piece.readableBytes)
            guard received <= fetch.bytes.count else {
                throw XetError(.corrupt, "\(address) sent more than the \(fetch.bytes.count) bytes of the range")
            }
            try await body(piece)
        }
        guard received == fetch.bytes.count else {
            throw XetError(.connectionFailed, "\(address) sent \(received) of \(fetch.bytes.count) bytes")
        }
    }

    private func open(_ fetch: FetchInfo) async throws -> (HTTPClientResponse, HTTPAddress) {
        guard let address = HTTPAddress(fetch.url.secret) else {
            throw XetError(.invalidResponse, "the URL of a fetch info is no address")
        }
        return try await http.send(.GET, address, of: .cdn, headers: ["Range": fetch.bytes.headerValue])
    }

    private static func check(_ response: HTTPClientResponse, _ fetch: FetchInfo, _ address: HTTPAddress) throws {
        let length = response.headers[first: .contentLength].flatMap { UInt64($0) }
        switch response.status.code {
        case 206:
            guard let text = response.headers[first: .contentRange] else { break }
            guard case .satisfied(let range, _)? = ContentRangeHeader(text), range == fetch.bytes else {
                throw XetError(.corrupt, "\(address) answered with another range than \(fetch.bytes.headerValue)")
            }
        case 200:
            // The range may be the whole xorb, which some servers answer like this.
            guard fetch.bytes.first == 0, length == fetch.bytes.count else {
                throw XetError(.invalidResponse, "\(address) ignored the range \(fetch.bytes.headerValue)")
            }
        case 401, 403, 410:
            throw XetError(.expired, "\(address) no longer accepts its signature")
        default:
            throw XetError(response, from: address)
        }
        if let length, length != fetch.bytes.count {
            throw XetError(.corrupt, "\(address) announced \(length) bytes, not \(fetch.bytes.count)")
        }
    }
}
