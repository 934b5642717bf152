import HTTPTypes
import Hummingbird
import XetWire

/// `GET /api/{kind}/{repository}/commits/{revision}`: the commits up to a revision that are still known, the newest first.
///
/// What a folder held before the origin started is not.
struct CommitsRoute: Route {
    /// Most commits of a page.
    static let maximumPage = 100

    private struct Body: Encodable {
        struct Author: Encodable {
            let user = "origin"
        }

        struct Formatted: Encodable {
            let title = RepositorySnapshot.commitTitle
            let message = ""
        }

        let id: String
        let title = RepositorySnapshot.commitTitle
        let message = ""
        let authors = [Author()]
        let date: String
        let formatted: Formatted?

        init(_ snapshot: RepositorySnapshot, isFormatted: Bool) {
            id = snapshot.commit
            date = HTTPDate(unixSeconds: Int64(snapshot.modifiedSeconds)).isoText
            formatted = isFormatted ? Formatted() : nil
        }
    }

    let access: HubAccess

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, let (name, rest) = RepositoryName.api(request.segments), rest.count == 2,
            rest.first == "commits", let revision = rest.last
        else { return nil }
        let snapshot = try access.snapshot(name, revision: revision, access.caller(of: request), request)
        let query = request.target.query
        guard let page = query.number("p", default: 0), page <= Catalog.maximumFormerCount,
            let limit = query.number("limit", default: Self.maximumPage), limit > 0
        else { throw RouteError(.badRequest, "The page or limit is not a number that may be.") }
        let history = access.history(of: snapshot)
        let count = min(limit, Self.maximumPage)
        let commits = history.dropFirst(page * count).prefix(count)
        let isFormatted = query.all("expand[]").contains("formatted")
        var headers = HTTPFields()
        headers[.repoCommit] = snapshot.commit
        if commits.endIndex < history.endIndex {
            let path = "\(HubPath.api(snapshot.repository))/commits/\(snapshot.commit)"
            let flags = isFormatted ? "&expand%5B%5D=formatted" : ""
            let target = request.address("\(path)?p=\(page + 1)&limit=\(count)\(flags)")
            headers[.link] = LinkHeader([LinkHeader.Entry(target: target, relation: LinkHeader.nextRelation)]).value
        }
        return .json(commits.map { Body($0, isFormatted: isFormatted) }, headers: headers)
    }
}
