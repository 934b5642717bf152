import HTTPTypes
import XetAccess
import XetCore
import XetStore
import XetWire

extension RouteRequest {
    var casPath: CASPathSegments { CASPathSegments(segments) }
}

/// Lets requests with a CAS token through.
struct CASAccess: Sendable {
    private let services: OriginServices

    init(_ services: OriginServices) {
        self.services = services
    }

    /// What the request's token allows: 401 without a good token, 403 if it does not allow this.
    func grant(_ request: RouteRequest, _ access: CASGrant.Access) throws -> CASGrant {
        guard let token = request.bearer,
            let grant = CASGrant(token: token, signer: services.signer, now: services.now())
        else { throw RouteError(.unauthorized, "The CAS token is missing, invalid or has expired.") }
        let isAllowed =
            switch access {
            case .read:
                services.rules.mayRead(grant.repository, grant.caller)
            case .write:
                grant.access == .write && services.rules.mayWrite(grant.repository, grant.caller)
            }
        guard isAllowed else { throw RouteError(.forbidden, "The CAS token does not allow this.") }
        return grant
    }

    /// The terms of a file that the token's repository has, committed or uploaded; 404 otherwise.
    func file(_ hash: FileHash, _ grant: CASGrant) async throws -> ShardFile {
        guard
            services.catalog.contains(hash, in: grant.repository)
                || services.ledger.contains(hash, in: grant.repository),
            let file = try await services.shards.file(hash)
        else { throw RouteError(.notFound, "The file is not known.") }
        return file
    }
}
