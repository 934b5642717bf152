import HTTPTypes
import Hummingbird
import XetAccess
import XetClient
import XetCore
import XetServer
import XetWire

/// `GET|HEAD /{repository}/resolve/{revision}/{path}`: what a file is, and its bytes for clients that want those.
///
/// A `HEAD` is answered whole from what the Hub says. A `GET` gives a client that speaks XET the headers that lead to the
/// CAS, and a `Location` for the case that it wants the bytes; any other client gets the bytes at once.
struct ResolveRoute: Sendable {
    private let services: EndpointServices

    init(_ services: EndpointServices) {
        self.services = services
    }

    func respond(
        _ request: Request,
        _ context: ProxyContext,
        _ repository: Repository,
        _ revision: String,
        _ path: String
    ) async throws -> Response {
        let addresses = try services.addresses(request, context)
        let token = try Caller.token(of: request.head, allowAnonymous: true)
        let file = FileRequest(repository: repository, revision: revision, path: path, token: token)
        let wantsBytes =
            request.method == .get
            && (ClientKind(request.head) == .plain || request.queryValue(Self.bytesParameter.name) != nil)
        let upstream = services.upstream
        let hub = upstream.hub.endpoint
        async let warm: Void? = wantsBytes ? try? upstream.warmToken(file.tokenScope()) : nil
        var answer = try await upstream.head(
            file,
            headers: EndpointHeaders.resolveRequest(request.headers),
            followsHub: false
        )
        if !answer.namesContent {
            guard request.method == .get else { return other(answer, request, addresses) }
            // The HEAD had no body, and that of an error has its words. If the Hub has recovered since, it is the file, of
            // which the client gets the part that it asked for, or says what the file is.
            let content = try await content(request, repository, token)
            answer = FileHead(head: content.head, address: content.address)
            guard answer.isRedirect, answer.namesContent else {
                // What is no Hub's answer is no file either.
                if answer.namesContent { _ = try answer.file(hub: hub, hasCommit: repository.kind.hasRevisions) }
                return services.pass(content, for: request, addresses, context)
            }
        }
        let resolved = try answer.file(hub: hub, hasCommit: repository.kind.hasRevisions)
        // Where the Hub is away the CAS may be too: clients get the bytes from here, as of any other file.
        let leadsToCAS = answer.head.headerFields[.archived] == nil
        let headers = leadsToCAS ? headers(answer, resolved, file, addresses) : plainHeaders(answer, resolved)
        if case .xet(let hash) = resolved.storage, let byteCount = resolved.byteCount {
            upstream.cache?.note(byteCount: byteCount, of: hash)
        }
        if request.method == .get, !wantsBytes, leadsToCAS, case .xet = resolved.storage {
            var headers = headers
            headers[.location] = bytesAddress(file, resolved, addresses).absolute
            return Response(status: .found, headers: headers)
        }
        _ = await warm
        return try await upstream.respond(
            request,
            context,
            file: file,
            resolved,
            name: path.segments(separatedBy: "/").last ?? path,
            namesHash: leadsToCAS,
            headers: headers
        )
    }

    /// An error, or a redirect of the Hub such as that of a repository which was renamed.
    private func other(_ answer: FileHead, _ request: Request, _ addresses: AddressMap) -> Response {
        let headers = EndpointServices.headers(of: answer.head, from: answer.address, for: request, addresses)
        return .bare(answer.head.status, headers)
    }

    /// What the Hub answers to the request itself.
    private func content(_ request: Request, _ repository: Repository, _ token: HubToken?) async throws
        -> UpstreamResponse
    {
        var headers = EndpointHeaders.hubRequest(request.headers)
        headers[.acceptEncoding] = "identity"
        let passed = UpstreamRequest(
            request.method,
            services.upstream.hub.endpoint.appending(request.passedOnTarget),
            of: .hub,
            headers: headers,
            authorization: token.map { "Bearer \($0.secret)" }
        )
        return try await services.read(passed, request.passedOnTarget, of: repository)
    }

    /// What goes with every answer about a file.
    private func headers(
        _ answer: FileHead,
        _ resolved: ResolvedFile,
        _ file: FileRequest,
        _ addresses: AddressMap
    ) -> HTTPFields {
        let upstream = answer.head.headerFields
        var headers = EndpointHeaders.fileResponse(upstream)
        headers[.link] = addresses.link(upstream[values: .link].joined(separator: ", "), from: answer.address)
        guard case .xet(let hash) = resolved.storage else { return headers }
        let usual = HubPath.readToken(file.repository, revision: resolved.commit ?? file.revision)
        let route = resolved.tokenRoute.flatMap { HTTPAddress($0) }.flatMap(addresses.passedOn) ?? addresses.own(usual)
        // Clients refuse relative addresses here.
        headers[.link] =
            LinkHeader([
                LinkHeader.Entry(target: route.absolute, relation: LinkHeader.tokenRelation),
                LinkHeader.Entry(
                    target: addresses.own(CASPath.reconstruction(hash, version: .v1)).absolute,
                    relation: LinkHeader.reconstructionRelation
                ),
            ]).value
        headers[.xetRefreshRoute] = upstream[.xetRefreshRoute].map { _ in route.absolute }
        headers[.linkedSize] = resolved.byteCount.map { "\($0)" }
        headers[.linkedETag] = upstream[.linkedETag] ?? resolved.etag
        headers[.xetHash] = hash.text
        return headers
    }

    /// What goes with an answer that leads nowhere but here.
    private func plainHeaders(_ answer: FileHead, _ resolved: ResolvedFile) -> HTTPFields {
        var headers = EndpointHeaders.fileResponse(answer.head.headerFields)
        for name in [HTTPField.Name.xetHash, .xetRefreshRoute, .link] { headers[name] = nil }
        headers[.linkedSize] = headers[.linkedSize] ?? resolved.byteCount.map { "\($0)" }
        return headers
    }

    /// Asks for the bytes whatever the client is; the Hub knows this parameter too.
    private static let bytesParameter = (name: "download", value: "true")

    /// Where the bytes of a file are, for a client that follows redirects.
    private func bytesAddress(_ file: FileRequest, _ resolved: ResolvedFile, _ addresses: AddressMap) -> HTTPAddress {
        let path = HubPath.resolve(file.repository, revision: resolved.commit ?? file.revision, path: file.path)
        return addresses.own("\(path)?\(Self.bytesParameter.name)=\(Self.bytesParameter.value)")
    }
}
