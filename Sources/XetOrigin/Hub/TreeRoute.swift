import HTTPTypes
import Hummingbird
import XetWire

/// `GET /api/{kind}/{repository}/tree/{revision}[/{path}]`: what is in a folder, page by page.
struct TreeRoute: Route {
    /// Most entries of a page.
    static let maximumPage = 1000

    let access: HubAccess

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let (name, rest) = RepositoryName.api(request.segments), rest.count >= 2,
            rest.first == "tree"
        else { return nil }
        let revision = rest[rest.startIndex + 1]
        let snapshot = try access.snapshot(name, revision: revision, access.caller(of: request), request)
        let folder = RepositoryPath(rest.dropFirst(2).joined(separator: "/"))
        let query = request.target.query
        guard let paths = snapshot.listing(of: folder, isRecursive: query.flag("recursive")) else {
            throw HubAccess.entryNotFound(snapshot)
        }
        // The cursor is the number of entries on the pages before, in the same commit.
        guard let limit = query.number("limit", default: Self.maximumPage), limit > 0,
            let start = query.number("cursor", default: 0)
        else { throw RouteError(.badRequest, "The limit or cursor is not a number.") }
        let page = paths.dropFirst(start).prefix(min(limit, Self.maximumPage))
        let isExpanded = query.flag("expand")
        var headers = HTTPFields()
        headers[.repoCommit] = snapshot.commit
        if page.endIndex < paths.endIndex {
            headers[.link] =
                next(after: page.endIndex - paths.startIndex, limit: limit, folder, snapshot, request).value
        }
        return .json(
            page.compactMap(snapshot.node).map { TreeItemBody($0, in: snapshot, isExpanded: isExpanded) },
            headers: headers
        )
    }

    /// The next page is one of the same commit, whatever `main` is by then.
    private func next(
        after cursor: Int,
        limit: Int,
        _ folder: RepositoryPath,
        _ snapshot: RepositorySnapshot,
        _ request: RouteRequest
    ) -> LinkHeader {
        let query = request.target.query
        let flags = "recursive=\(query.flag("recursive"))&expand=\(query.flag("expand"))"
        let path = folder.isRoot ? "" : "/" + PercentEncoding.encode(path: folder.text)
        let tree = "\(HubPath.api(snapshot.repository))/tree/\(snapshot.commit)\(path)"
        let target = request.address("\(tree)?\(flags)&limit=\(limit)&cursor=\(cursor)")
        return LinkHeader([LinkHeader.Entry(target: target, relation: LinkHeader.nextRelation)])
    }
}
