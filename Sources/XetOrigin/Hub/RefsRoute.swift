import HTTPTypes
import Hummingbird

/// `GET /api/{kind}/{repository}/refs`: the branches; there is one.
struct RefsRoute: Route {
    private struct Body: Encodable {
        struct Ref: Encodable {
            let name: String
            let ref: String
            let targetCommit: String
        }

        let branches: [Ref]
        let tags: [Ref] = []
        let converts: [Ref] = []
        let pullRequests: [Ref] = []
    }

    let access: HubAccess

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let (name, rest) = RepositoryName.api(request.segments), rest == ["refs"] else {
            return nil
        }
        let snapshot = try access.snapshot(name, access.caller(of: request), request)
        let branch = RepositorySnapshot.branch
        return .json(
            Body(branches: [Body.Ref(name: branch, ref: "refs/heads/\(branch)", targetCommit: snapshot.commit)])
        )
    }
}
