import HTTPTypes
import XetCore
import XetWire

/// Signed addresses under which the origin serves whole files of the catalogue, for a time, to anyone.
///
/// `/xet-bridge/{kind}/{owner}/{name}/{commit}/{path}?expires=…&signature=…`
struct FileAddress: Sendable {
    static let folder = "xet-bridge"

    let signer: Signer
    let lifetime: UInt64
    let now: @Sendable () -> UInt64

    init(_ services: OriginServices) {
        signer = services.signer
        lifetime = services.addressLifetime
        now = services.now
    }

    func address(of path: RepositoryPath, in snapshot: RepositorySnapshot, _ request: RouteRequest) -> String {
        let expires = "\(now() + lifetime)"
        let repository = snapshot.repository
        let signature = signer.signature(.fileBytes, Self.parts(repository, snapshot.commit, path, expires))
        let folder = "/\(Self.folder)/\(repository.kind.plural)/\(repository.name)/\(snapshot.commit)"
        let file = PercentEncoding.encode(path: path.text)
        return request.address("\(folder)/\(file)?expires=\(expires)&signature=\(signature)")
    }

    /// What a request asks for; `nil` if it is no such address at all, 403 if it is not, or no longer, good.
    func parse(_ request: RouteRequest) throws -> (repository: Repository, commit: String, path: RepositoryPath)? {
        let segments = request.segments
        guard segments.first == Self.folder, segments.count >= 6,
            let kind = RepositoryKind.versioned.first(where: { $0.plural == segments[1] }),
            let repository = Repository(kind: kind, name: "\(segments[2])/\(segments[3])")
        else { return nil }
        let commit = segments[4]
        let path = RepositoryPath(segments[5...].joined(separator: "/"))
        guard let expires = request.target.query.first("expires"), let end = UInt64(expires), now() < end,
            let signature = request.target.query.first("signature"),
            signer.isValid(signature, .fileBytes, Self.parts(repository, commit, path, expires))
        else { throw RouteError(.forbidden, "The address is not signed or has expired.") }
        return (repository, commit, path)
    }

    private static func parts(
        _ repository: Repository,
        _ commit: String,
        _ path: RepositoryPath,
        _ expires: String
    ) -> [String] {
        [repository.kind.rawValue, repository.name, commit, path.text, expires]
    }
}
