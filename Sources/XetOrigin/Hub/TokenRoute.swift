import HTTPTypes
import Hummingbird
import XetCore
import XetWire

/// `GET /api/{kind}/{repository}/xet-read-token/{revision}`, or `xet-write-token`: a token for the CAS.
struct TokenRoute: Route {
    let access: HubAccess
    let services: OriginServices

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let (name, rest) = RepositoryName.api(request.segments), rest.count == 2,
            let kind = Self.kinds[rest.first ?? ""], let revision = rest.last
        else { return nil }
        let caller = try access.caller(of: request)
        let snapshot = try access.snapshot(name, caller, request)
        switch kind {
        case .read:
            try access.checkRead(snapshot, caller)
            _ = try access.snapshot(name, revision: revision, caller, request)
        case .write:
            // An upload may make the revision that it is for.
            try access.checkWrite(snapshot, caller)
        }
        let expiration = services.now() + services.tokenLifetime
        let grant = CASGrant(access: kind, repository: snapshot.repository, caller: caller, expiration: expiration)
        let token = grant.token(services.signer)
        let endpoint = request.base.casEndpoint
        var headers = HTTPFields()
        headers[.xetCASURL] = endpoint
        headers[.xetAccessToken] = token
        headers[.xetTokenExpiration] = "\(expiration)"
        headers[.cacheControl] = "private, no-store"
        return .json(TokenBody(casURL: endpoint, accessToken: token, expiration: expiration), headers: headers)
    }

    private static let kinds: [String: CASGrant.Access] = ["xet-read-token": .read, "xet-write-token": .write]
}

extension HTTPAddress {
    /// The base address of the CAS, without a slash at its end: clients append paths to it as it is.
    fileprivate var casEndpoint: String {
        var text = absolute
        while text.last == "/" { text.removeLast() }
        return text
    }
}
