import HTTPTypes
import Hummingbird
import Logging
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetServer
import XetWire

/// `GET|HEAD /download/[datasets/|spaces/|kernels/|buckets/]{owner}/{repo}/{path}`: a file by its place in a repository.
struct DownloadRoute: Sendable {
    static let prefix = "/download/"

    let upstream: Upstream
    let allowAnonymous: Bool
    let rules: RepositoryRules

    func respond(_ request: Request, _ context: ProxyContext) async throws -> Response {
        let token = try Caller.token(of: request.head, allowAnonymous: allowAnonymous)
        let target = try DownloadTarget(encodedPath: request.uri.path.dropFirst(Self.prefix.count))
        let query = try DownloadQuery(request.uri.query)
        context.record.note(target.repository, path: target.path)
        guard rules.permits(target.repository) else { return .refusal(target.repository) }
        let fileRequest = FileRequest(
            repository: target.repository,
            revision: query.revision,
            path: target.path,
            token: token
        )
        // The CAS token needs only repository and revision, so it is asked for while the file is resolved. If that
        // fails, the reconstruction asks again and reports it.
        async let warm: Void? = request.method == .get ? try? upstream.warmToken(fileRequest.tokenScope()) : nil
        let (file, caching) = try await upstream.resolve(fileRequest, rules)
        _ = await warm
        return try await upstream.respond(
            request,
            context,
            file: fileRequest,
            file,
            name: target.fileName,
            headers: caching
        )
    }
}

/// The query parameters of the download routes.
struct DownloadQuery: Hashable, Sendable {
    /// Branch, tag or commit; `main` if not given.
    private(set) var revision = "main"
    /// `owner/name`.
    private(set) var repository: String?
    /// Model if not given.
    private(set) var kind = RepositoryKind.model

    /// Parses a query; parameters that are not known are ignored.
    ///
    /// Throws `.invalidRequest`.
    init(_ query: String?) throws {
        for parameter in (query ?? "").split(separator: "&") {
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let value = PercentEncoding.decode(parts.count == 2 ? parts[1] : "") else {
                throw XetError(.invalidRequest, "the query is not percent-encoded UTF-8")
            }
            switch parts[0] {
            case "revision":
                // A Hub that decodes before it cuts at slashes would read another path.
                guard value.segments(separatedBy: "/").allSatisfy({ !["", ".", ".."].contains($0) }) else {
                    throw XetError(.invalidRequest, "no revision can have this name")
                }
                revision = value
            case "repo":
                repository = value
            case "repo_type":
                guard let kind = RepositoryKind(name: value) else {
                    throw XetError(.invalidRequest, "repo_type is model, dataset, space, kernel or bucket")
                }
                self.kind = kind
            default:
                break
            }
        }
    }
}
