import HTTPTypes
import XetCore
import XetWire

/// Finds repositories for callers who may know of them; everyone else is told that there is none.
struct HubAccess: Sendable {
    private let catalog: Catalog
    private let rules: AccessRules

    init(_ services: OriginServices) {
        catalog = services.catalog
        rules = services.rules
    }

    /// Who asks; 401 for a token that is not known.
    func caller(of request: RouteRequest) throws -> Caller {
        guard let caller = rules.caller(request.bearer) else {
            // Clients know this sentence.
            throw RouteError(.unauthorized, "Invalid credentials in Authorization header")
        }
        return caller
    }

    /// A repository that the caller may know of.
    func snapshot(_ name: RepositoryName, _ caller: Caller) throws -> RepositorySnapshot {
        guard let repository = name.repository, let snapshot = catalog.snapshot(repository),
            rules.maySee(repository, caller)
        else {
            // As the Hub does, so that nobody can tell a private repository from none.
            let status: HTTPResponse.Status = caller == .anonymous ? .unauthorized : .notFound
            throw RouteError(status, code: HubErrorCode.repositoryNotFound, "Repository not found")
        }
        return snapshot
    }

    /// Checks that the repository has the revision.
    func check(revision: String, in snapshot: RepositorySnapshot) throws {
        guard snapshot.has(revision: revision) else {
            throw RouteError(.notFound, code: HubErrorCode.revisionNotFound, "Invalid rev id")
        }
    }

    /// Checks that the caller may have the files of the repository.
    func checkRead(_ snapshot: RepositorySnapshot, _ caller: Caller) throws {
        guard rules.mayRead(snapshot.repository, caller) else {
            throw RouteError(
                caller == .anonymous ? .unauthorized : .forbidden,
                code: HubErrorCode.gatedRepository,
                "Access to this repository is restricted and you are not in the authorized list."
            )
        }
    }

    /// Checks that the caller may upload to the repository.
    func checkWrite(_ snapshot: RepositorySnapshot, _ caller: Caller) throws {
        guard rules.mayWrite(snapshot.repository, caller) else {
            throw RouteError(
                caller == .anonymous ? .unauthorized : .forbidden,
                "You are not allowed to upload to this repository."
            )
        }
    }

    func isPrivate(_ repository: Repository) -> Bool { rules.isPrivate(repository) }

    func isGated(_ repository: Repository) -> Bool { rules.isGated(repository) }

    /// There is no such file or folder; the commit lets clients remember that.
    static func entryNotFound(_ snapshot: RepositorySnapshot) -> RouteError {
        var error = RouteError(.notFound, code: HubErrorCode.entryNotFound, "Entry not found")
        error.headers[.repoCommit] = snapshot.commit
        return error
    }
}
