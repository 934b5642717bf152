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
        let snapshot = try access.snapshot(name, access.caller(of: request))
        try access.check(revision: rest[rest.startIndex + 1], in: snapshot)
        let folder = RepositoryPath(rest.dropFirst(2).joined(separator: "/"))
        let query = request.target.query
        guard let nodes = snapshot.listing(of: folder, isRecursive: query.flag("recursive")) else {
            throw HubAccess.entryNotFound(snapshot)
        }
        // The cursor is the number of entries on the pages before.
        guard let limit = Self.number(query.first("limit"), default: Self.maximumPage), limit > 0,
            let start = Self.number(query.first("cursor"), default: 0)
        else { throw RouteError(.badRequest, "The limit or cursor is not a number.") }
        let page = nodes.dropFirst(start).prefix(min(limit, Self.maximumPage))
        let isExpanded = query.flag("expand")
        var headers = HTTPFields()
        headers[.repoCommit] = snapshot.commit
        if page.endIndex < nodes.endIndex {
            headers[.link] = next(after: page.endIndex, limit: limit, request).value
        }
        return .json(page.map { TreeItemBody($0, in: snapshot, isExpanded: isExpanded) }, headers: headers)
    }

    private func next(after cursor: Int, limit: Int, _ request: RouteRequest) -> LinkHeader {
        let query = request.target.query
        let flags = "recursive=\(query.flag("recursive"))&expand=\(query.flag("expand"))"
        let target = request.address("\(request.target.path)?\(flags)&limit=\(limit)&cursor=\(cursor)")
        return LinkHeader([LinkHeader.Entry(target: target, relation: LinkHeader.nextRelation)])
    }

    private static func number(_ text: String?, default value: Int) -> Int? {
        guard let text else { return value }
        return Int(text).flatMap { $0 >= 0 ? $0 : nil }
    }
}
