import AsyncHTTPClient
public import HTTPTypes
public import NIOCore
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
    /// What its requests go out through.
    public let http: UpstreamHTTP
    /// Called with each address that the Hub redirects to, before it is asked.
    private let onRedirect: @Sendable (HTTPAddress) throws -> Void

    /// A client for one Hub; `onRedirect` gets each address that it redirects to, and throws if that may not be asked.
    public init(
        endpoint: HTTPAddress,
        http: UpstreamHTTP,
        onRedirect: @escaping @Sendable (HTTPAddress) throws -> Void = { _ in }
    ) {
        self.endpoint = endpoint
        self.http = http
        self.onRedirect = onRedirect
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
            of: .hub,
            bearer: token?.secret,
            headers: headers,
            onRedirect: onRedirect,
            isFinal: isFinal
        )
    }
}

extension HubClient: FileResolver {
    public func resolve(_ request: FileRequest) async throws -> ResolvedFile {
        try await head(request).file(hub: endpoint, hasCommit: request.repository.kind.hasRevisions)
    }

    /// Asks what a file is: the Hub's own words, whatever they are.
    ///
    /// `headers` go along. Redirects are followed up to the answer that says where the content is; one to the Hub itself,
    /// as for a repository that was renamed, only if `followsHub`. `headTimeout` is the longest wait for each answer, if not the
    /// usual one. Throws ``XetError``.
    public func head(
        _ request: FileRequest,
        headers: HTTPFields = [:],
        followsHub: Bool = true,
        headTimeout: TimeAmount? = nil
    ) async throws -> FileHead {
        try request.check()
        let path = HubPath.resolve(request.repository, revision: request.revision, path: request.path)
        var headers = headers
        // A compressed answer would have another length.
        headers[.acceptEncoding] = "identity"
        let start = endpoint.appending(path)
        var redirects: [HTTPFields] = []
        let (response, address) = try await http.send(
            .HEAD,
            start,
            of: .hub,
            bearer: request.token?.secret,
            headers: HTTPHeaders(headers),
            headTimeout: headTimeout,
            onRedirect: onRedirect,
            isFinal: { response in
                if response.headers[first: .xetHash] != nil || response.headers[first: .linkedSize] != nil {
                    return true
                }
                if !followsHub, let location = response.headers[first: .location],
                    start.resolving(location)?.origin == endpoint.origin
                {
                    return true
                }
                redirects.append(HTTPFields(response.headers))
                return false
            }
        )
        var head = HTTPResponse(response)
        head.headerFields.adoptIdentity(from: redirects)
        return FileHead(head: head, address: address)
    }
}

extension HTTPFields {
    /// Takes over from redirects what the answer at their end does not say itself.
    ///
    /// A host that only has bytes does not know whose they are: commit and entity tag are the Hub's to say, on its way there.
    fileprivate mutating func adoptIdentity(from redirects: [HTTPFields]) {
        guard self[.repoCommit] == nil, let named = redirects.last(where: { $0[.repoCommit] != nil }) else { return }
        self[.repoCommit] = named[.repoCommit]
        self[.linkedETag] = self[.linkedETag] ?? named[.linkedETag] ?? named[.eTag]
    }
}

/// The Hub's answer to a HEAD of a file.
public struct FileHead: Sendable {
    /// Status and headers.
    public let head: HTTPResponse
    /// Where it came from.
    public let address: HTTPAddress

    /// An answer that says of a file what one to HEAD would.
    public init(head: HTTPResponse, address: HTTPAddress) {
        self.head = head
        self.address = address
    }

    /// What it says of the file.
    ///
    /// A bucket has no commits but only files in XET, which `hasCommit` tells. Throws ``XetError`` if it is an error, or does
    /// not say what every Hub says: then it may come from some page on the way there.
    public func file(hub: HTTPAddress, hasCommit: Bool = true) throws -> ResolvedFile {
        guard isAnswer || isRedirect else { throw XetError(head, from: address, of: .hub) }
        let headers = head.headerFields
        if hasCommit {
            try Self.require(.repoCommit, headers[.repoCommit], from: address)
            try Self.require(.eTag, headers[.linkedETag] ?? headers[.eTag], from: address)
        } else {
            try Self.require(.xetHash, headers[.xetHash], from: address)
        }
        return try ResolvedFile(self, hub: hub)
    }

    /// Throws ``XetError`` if the Hub is away or has had enough, so that the same may be asked again.
    public func checkIsAnswer() throws(XetError) {
        guard !isAnswer, !isRedirect else { return }
        let error = XetError(head, from: address, of: .hub)
        if error.isTransient { throw error }
    }

    static func require(_ name: HTTPField.Name, _ value: String?, from address: HTTPAddress) throws(XetError) {
        guard value == nil else { return }
        throw XetError(.invalidResponse, "\(address) does not answer as a Hub does: it sent no \(name.rawName)")
    }

    /// Whether the request succeeded.
    var isAnswer: Bool { head.status.kind == .successful }
    /// Whether it sends the caller elsewhere.
    public var isRedirect: Bool { [301, 302, 303, 307, 308].contains(head.status.code) }
    /// Whether it says where the content of a file is, or what it is.
    public var namesContent: Bool {
        isAnswer || isRedirect && (head.headerFields[.xetHash] != nil || head.headerFields[.linkedSize] != nil)
    }
}

extension ResolvedFile {
    init(_ answer: FileHead, hub: HTTPAddress) throws {
        let headers = answer.head.headerFields
        let storage: Storage
        if let text = headers[.xetHash] {
            guard let hash = FileHash(text) else {
                throw XetError(.invalidResponse, "\(answer.address) sent an X-Xet-Hash that is no hash")
            }
            storage = .xet(hash)
        } else {
            storage = .regular
        }
        // On a redirect, Content-Length is that of the redirect's own body.
        let contentLength = answer.isRedirect ? nil : headers[.contentLength]
        let byteCount = (headers[.linkedSize] ?? contentLength).flatMap { UInt64($0) }
        if case .xet = storage, byteCount == nil {
            throw XetError(.invalidResponse, "\(answer.address) does not say how large the file is")
        }
        self.init(
            storage: storage,
            byteCount: byteCount,
            etag: (headers[.linkedETag] ?? headers[.eTag]).flatMap { EntityTag($0)?.value },
            commit: headers[.repoCommit],
            lastModified: headers[.lastModified],
            contentType: answer.isRedirect ? nil : headers[.contentType],
            tokenRoute: Self.tokenRoute(headers, from: answer.address, hub: hub)
        )
    }

    /// The token route in the headers; one at another origin is left out, since the caller's token goes there.
    private static func tokenRoute(
        _ headers: HTTPFields,
        from address: HTTPAddress,
        hub: HTTPAddress
    ) -> String? {
        let links = LinkHeader(parsing: headers[values: .link].joined(separator: ", "))
        let named = links.target(LinkHeader.tokenRelation) ?? headers[.xetRefreshRoute]
        guard let route = named.flatMap({ address.resolving($0) }), route.origin == hub.origin else { return nil }
        return route.absolute
    }
}

extension HubClient: TokenProvider {
    public func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken {
        try scope.check()
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

    func casToken(at route: HTTPAddress, _ token: HubToken?) async throws -> CASToken {
        let (response, address) = try await http.send(
            .GET,
            route,
            of: .hub,
            bearer: token?.secret,
            onRedirect: onRedirect
        )
        guard response.status.isSuccess else { throw XetError(response, from: address, of: .hub) }
        let json = try await http.body(of: response, from: address, .hub, upTo: Self.maximumBodyByteCount)
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
