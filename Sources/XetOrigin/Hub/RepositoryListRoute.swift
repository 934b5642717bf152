import HTTPTypes
import Hummingbird
import XetCore
import XetWire

/// `GET /api/models`, `/api/datasets` and so on: the repositories of a kind that the caller may know of, page by page.
struct RepositoryListRoute: Route {
    /// Most repositories of a page.
    static let maximumPage = 1000
    /// Most repositories of a page that lists their files too.
    static let maximumFullPage = 100

    let access: HubAccess

    func respond(to request: RouteRequest) async throws -> Response? {
        guard request.method == .get, request.segments.count == 2, request.segments[0] == "api",
            let kind = RepositoryKind.versioned.first(where: { $0.plural == request.segments[1] })
        else { return nil }
        let caller = try access.caller(of: request)
        let query = request.target.query
        // `full` alone says so too: older clients send it without a value.
        let isFull = query.flag("full") || query.first("full") == ""
        let maximum = isFull ? Self.maximumFullPage : Self.maximumPage
        guard let limit = query.number("limit", default: maximum), limit > 0,
            let order = RepositoryOrder(query.first("sort"))
        else { throw RouteError(.badRequest, "The limit or the order is not one that there is.") }
        let filter = RepositoryFilter(query)
        var found = access.snapshots(kind, caller).filter(filter.matches)
        // Sorted by name when they come.
        if let isBefore = order.isBefore { found.sort(by: isBefore) }
        if let cursor = query.first("cursor") {
            guard let start = found.firstIndex(where: { $0.repository.name == cursor }) else {
                throw RouteError(.badRequest, "The cursor is not that of a page.")
            }
            found.removeFirst(start)
        }
        let page = found.prefix(min(limit, maximum))
        var headers = HTTPFields()
        if page.count < found.count {
            headers[.link] = next(from: found[page.endIndex].repository, kind, query, request).value
        }
        return .json(page.map { RepositoryBody($0, access, isFull ? .names : .none) }, headers: headers)
    }

    private func next(
        from repository: Repository,
        _ kind: RepositoryKind,
        _ query: FormItems,
        _ request: RouteRequest
    ) -> LinkHeader {
        let kept = ["search", "author", "filter", "sort", "full", "limit"].flatMap { name in
            query.all(name).map { "\(name)=\(PercentEncoding.encode(segment: $0))" }
        }
        let items = (kept + ["cursor=\(PercentEncoding.encode(segment: repository.name))"]).joined(separator: "&")
        let target = request.address("/api/\(kind.plural)?\(items)")
        return LinkHeader([LinkHeader.Entry(target: target, relation: LinkHeader.nextRelation)])
    }
}

/// Which repositories a listing is about.
private struct RepositoryFilter {
    private let author: String?
    private let words: [String]
    private let hasTags: Bool

    init(_ query: FormItems) {
        author = query.first("author")?.lowercased()
        words = query.all("search").flatMap { $0.lowercased().split(separator: " ").map(String.init) }
        // Nothing here has tags, tasks or libraries.
        hasTags = ["filter", "pipeline_tag", "apps", "inference", "inference_provider", "num_parameters"]
            .contains { query.first($0)?.isEmpty == false }
    }

    func matches(_ snapshot: RepositorySnapshot) -> Bool {
        let name = snapshot.repository.name.lowercased()
        return !hasTags && (author.map { name.hasPrefix("\($0)/") } ?? true) && words.allSatisfy(name.contains)
    }
}

/// The order of a listing.
private enum RepositoryOrder {
    case name
    case modified

    /// `nil` for an order that the Hub does not have either.
    init?(_ text: String?) {
        switch text {
        // All repositories have the same likes, downloads and so on: none.
        case nil, "", "downloads", "likes", "trendingScore", "trending_score", "mainSize", "main_size": self = .name
        case "lastModified", "last_modified", "createdAt", "created_at": self = .modified
        default: return nil
        }
    }

    /// `nil` for that of the names.
    var isBefore: ((RepositorySnapshot, RepositorySnapshot) -> Bool)? {
        switch self {
        case .name: nil
        // The newest first; the name decides between equals, so that pages fit together.
        case .modified:
            { ($1.modifiedSeconds, $0.repository.name) < ($0.modifiedSeconds, $1.repository.name) }
        }
    }
}
