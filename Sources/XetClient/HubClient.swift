import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
public import XetAccess
import XetCore
public import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A Hub: what files are, where CAS tokens come from, the bytes of files that are not in XET.
///
/// The caller's token goes to the Hub's own origin and nowhere else.
public struct HubClient: Sendable {
    /// Most bytes of a JSON answer.
    static let maximumBodyByteCount = 32 << 20

    /// Address of the Hub, perhaps with a path.
    public let endpoint: HTTPAddress
    let http: UpstreamHTTP

    /// A client for one Hub.
    public init(endpoint: HTTPAddress, http: UpstreamHTTP) {
        self.endpoint = endpoint
        self.http = http
    }

    /// Sends a request to the Hub, redirects followed; see ``UpstreamHTTP``.
    func send(
        _ method: HTTPMethod,
        path: String,
        token: HubToken?,
        headers: HTTPHeaders = [:],
        isFinal: (HTTPClientResponse) -> Bool = { _ in false }
    ) async throws -> (response: HTTPClientResponse, address: HTTPAddress) {
        try await http.send(
            method,
            endpoint.appending(path),
            bearer: token?.secret,
            headers: headers,
            isFinal: isFinal
        )
    }
}

extension HubClient: FileResolver {
    public func resolve(_ request: FileRequest) async throws -> ResolvedFile {
        let path = HubPath.resolve(request.repository, revision: request.revision, path: request.path)
        let (response, address) = try await send(
            .HEAD,
            path: path,
            token: request.token,
            // A compressed answer would have another length.
            headers: ["Accept-Encoding": "identity"],
            isFinal: { $0.headers[first: .xetHash] != nil || $0.headers[first: .linkedSize] != nil }
        )
        guard response.status.isSuccess || response.status.isRedirection else {
            throw XetError(response, from: address)
        }
        return try ResolvedFile(response, from: address, hub: endpoint)
    }
}

extension ResolvedFile {
    init(_ response: HTTPClientResponse, from address: HTTPAddress, hub: HTTPAddress) throws {
        let headers = response.headers
        let storage: Storage
        if let text = headers[first: .xetHash] {
            guard let hash = FileHash(text) else {
                throw XetError(.invalidResponse, "\(address) sent an X-Xet-Hash that is no hash")
            }
            storage = .xet(hash)
        } else {
            storage = .regular
        }
        // On a redirect, Content-Length is that of the redirect's own body.
        let contentLength = response.status.isRedirection ? nil : headers[first: .contentLength]
        let byteCount = (headers[first: .linkedSize] ?? contentLength).flatMap { UInt64($0) }
        if case .xet = storage, byteCount == nil {
            throw XetError(.invalidResponse, "\(address) does not say how large the file is")
        }
        self.init(
            storage: storage,
            byteCount: byteCount,
            etag: (headers[first: .linkedETag] ?? headers[first: .eTag]).flatMap { EntityTag($0)?.value },
            commit: headers[first: .repoCommit],
            lastModified: headers[first: .lastModified],
            contentType: response.status.isRedirection ? nil : headers[first: .contentType],
            tokenRoute: Self.tokenRoute(response, from: address, hub: hub)
        )
    }

    /// The token route in the headers; one at another origin is left out, since the caller's token goes there.
    private static func tokenRoute(
        _ response: HTTPClientResponse,
        from address: HTTPAddress,
        hub: HTTPAddress
    ) -> String? {
        let links = LinkHeader(parsing: response.headers["Link"].joined(separator: ", "))
        let named = links.target(LinkHeader.tokenRelation) ?? response.headers[first: .xetRefreshRoute]
        guard let route = named.flatMap({ address.resolving($0) }), route.origin == hub.origin else { return nil }
        return route.absolute
    }
}

extension HubClient: TokenProvider {
    public func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken {
        let path = HubPath.readToken(scope.repository, revision: scope.revision)
        do {
            return try await casToken(at: endpoint.appending(path), scope.token)
        } catch let error as XetError where error.code == .notFound {
            guard let route = scope.route.flatMap({ HTTPAddress($0) }), route.origin == endpoint.origin else {
                throw error
            }
            return try await casToken(at: route, scope.token)
        }
    }

    private func casToken(at route: HTTPAddress, _ token: HubToken?) async throws -> CASToken {
        let (response, address) = try await http.send(.GET, route, bearer: token?.secret)
        guard response.status.isSuccess else { throw XetError(response, from: address) }
        let json = try await http.body(of: response, from: address, upTo: Self.maximumBodyByteCount)
        let body: TokenBody
        do {
            body = try JSONDecoder().decode(TokenBody.self, from: Data(json.readableBytesView))
        } catch {
            throw XetError(.invalidResponse, "\(address) sent no CAS token", cause: error)
        }
        guard body.accessToken.utf8.count <= TokenBody.maximumFieldByteCount,
            HubToken(body.accessToken) != nil, HTTPAddress(body.casURL) != nil
        else {
            throw XetError(.invalidResponse, "\(address) sent a CAS token that cannot be used")
        }
        return CASToken(endpoint: body.casURL, secret: body.accessToken, expiration: body.expiration)
    }
}
