import HTTPTypes
import Hummingbird
import XetAccess
import XetClient
import XetCore
import XetDownload
import XetServer
import XetWire

/// `GET|HEAD /download-hash/{hash}?repo=owner/name`: a file by its hash, with the rights of a repository.
struct DownloadHashRoute: Sendable {
    static let prefix = "/download-hash/"

    let upstream: Upstream
    let allowAnonymous: Bool
    /// The repository whose token is used when the request names none.
    let defaultRepository: Repository?
    let rules: RepositoryRules

    func respond(_ request: Request, _ context: ProxyContext) async throws -> Response {
        let token = try Caller.token(of: request.head, allowAnonymous: allowAnonymous)
        guard let hash = FileHash(String(request.uri.path.dropFirst(Self.prefix.count))) else {
            throw XetError(.invalidRequest, "expected /download-hash/ and 64 hex digits")
        }
        let query = try DownloadQuery(request.uri.query)
        let repository = try repository(query)
        context.record.note(repository, path: hash.text)
        guard rules.permits(repository) else { return .refusal(repository) }
        let scope = TokenScope(repository: repository, revision: query.revision, token: token)
        let source = upstream.cas.reconstructions(for: scope)
        let byteCount = try await byteCount(of: hash, repository, token) {
            try await upstream.downloader.byteCount(of: hash, from: source)
        }
        let file = ResolvedFile(
            storage: .xet(hash),
            byteCount: byteCount,
            etag: EntityTag(strong: hash.text).value
        )
        let head = DownloadHead(
            request.head,
            file: file,
            byteCount: byteCount,
            fileName: hash.text,
            hash: hash,
            acceptsRanges: !upstream.downloader.refusesParts(of: hash)
        )
        return try await upstream.stream(
            hash,
            byteCount: byteCount,
            head: head,
            for: request,
            scope: scope,
            context: context
        )
    }

    /// How long the file is: what the CAS says to this caller or, if it does not say anything, what the Hub has said before.
    private func byteCount(
        of hash: FileHash,
        _ repository: Repository,
        _ token: HubToken?,
        _ ask: () async throws -> UInt64
    ) async throws -> UInt64 {
        do {
            return try await ask()
        } catch let error as XetError where error.isUnanswered {
            guard let leases = upstream.leases, let record = leases.record,
                let byteCount = await record.byteCount(
                    of: hash,
                    repository,
                    from: token.map { "Bearer \($0.secret)" },
                    leases.archiveTerms
                )
            else { throw error }
            return byteCount
        }
    }

    private func repository(_ query: DownloadQuery) throws -> Repository {
        guard let name = query.repository else {
            guard let defaultRepository else {
                throw XetError(.invalidRequest, "say whose token to use: ?repo=owner/name")
            }
            return defaultRepository
        }
        guard let repository = Repository(prefixedName: name, kind: query.kind) else {
            throw XetError(.invalidRequest, "no repository can be named like this: repo=owner/name")
        }
        return repository
    }
}
