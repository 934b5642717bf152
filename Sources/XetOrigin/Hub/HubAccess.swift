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

    /// A repository that the caller may know of, as it is now.
    ///
    /// Under a name in another case it is a redirect to its own name.
    func snapshot(_ name: RepositoryName, _ caller: Caller, _ request: RouteRequest) throws -> RepositorySnapshot {
        if let repository = name.repository {
            if let snapshot = catalog.snapshot(repository), rules.maySee(repository, caller) { return snapshot }
            if let own = catalog.repository(withoutCase: repository), own != repository, rules.maySee(own, caller) {
                throw RouteError.redirect(to: name.target(of: request.target, own))
            }
        }
        // As the Hub does, so that nobody can tell a private repository from none.
        let status: HTTPResponse.Status = caller == .anonymous ? .unauthorized : .notFound
        throw RouteError(status, code: HubErrorCode.repositoryNotFound, "Repository not found")
    }

    /// A repository that the caller may know of, as it is or was at a revision.
    func snapshot(
        _ name: RepositoryName,
        revision: String,
        _ caller: Caller,
        _ request: RouteRequest
    ) throws -> RepositorySnapshot {
        let current = try snapshot(name, caller, request)
        guard let snapshot = catalog.snapshot(current.repository, revision: revision) else {
            throw RouteError(.notFound, code: HubErrorCode.revisionNotFound, "Invalid rev id")
        }
        return snapshot
    }

    /// A snapshot and those before it that are still known, the newest first.
    func history(of snapshot: RepositorySnapshot) -> [RepositorySnapshot] { catalog.history(of: snapshot) }

    /// The repositories of a kind that the caller may know of, sorted by name.
    func snapshots(_ kind: RepositoryKind, _ caller: Caller) -> [RepositorySnapshot] {
        catalog.snapshots(kind).filter { rules.maySee($0.repository, caller) }
    }

    /// Checks that a small file is still what the snapshot says.
    ///
    /// Of a former snapshot it is gone if it is not; of the present one it soon has another snapshot.
    func checkContent(_ content: RegularContent, of entry: CatalogEntry, in snapshot: RepositorySnapshot) async throws {
        guard try await !content.isUnchanged(entry.stamp) else { return }
        guard catalog.snapshot(snapshot.repository)?.commit == snapshot.commit else {
            throw Self.entryNotFound(snapshot)
        }
        var error = RouteError(.serviceUnavailable, "The file is being changed.")
        error.headers[.retryAfter] = "2"
        throw error
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
