import HTTPTypes
import NIOCore
import XetAccess
import XetClient
import XetCore
import XetWire

/// Asks the Hub what clients ask that cannot reach it later, and keeps its answers as they come.
struct HubAnswers: Sendable {
    /// Most bytes of an answer, and of a file that is carried as one.
    static let maximumBodyByteCount = 32 << 20
    /// Most pages of a listing.
    private static let maximumPageCount = 10_000

    /// Headers that are about a connection, about a caller, or about an address that soon ends.
    private static let dropped: Set<String> = [
        "age", "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
        "retry-after",
        "set-cookie", "set-cookie2", "te", "trailer", "transfer-encoding", "upgrade", "location", "www-authenticate",
        "x-request-id", "x-amzn-requestid",
    ]

    let hub: HubClient
    let retry: RetryPolicy
    let repository: Repository
    let token: HubToken?
    /// Unix seconds.
    let time: @Sendable () -> Int64

    /// Gives `each` what is said of the repository itself, at a revision and at the commit that it means.
    func aboutRepository(
        revision: String,
        commit: String,
        _ each: (ArchivedAnswer) async throws -> Void
    ) async throws {
        let api = HubPath.api(repository)
        try await each(try await get(api).answer)
        let revisions = revision == commit ? [commit] : [revision, commit]
        for revision in revisions {
            try await each(try await get(HubPath.path(repository, "revision", revision: revision)).answer)
            let tree = HubPath.tree(repository, revision: revision, isRecursive: true)
            try await pages(of: tree, each)
        }
        // What some Hubs do not have, nobody misses later.
        let tree = HubPath.tree(repository, revision: commit, isRecursive: true)
        let others = [
            "\(api)/refs", "\(api)/refs?include_prs=1",
            "\(HubPath.path(repository, "revision", revision: commit))?blobs=true",
            tree.replacingSuffix("expand=false", with: "expand=true"),
        ]
        for target in others {
            do {
                try await pages(of: target, each)
            } catch let error as XetError where !error.isTransient {
                continue
            }
        }
    }

    /// What is said of a file.
    func head(of item: RepositoryListing.Item, commit: String) async throws -> ArchivedAnswer {
        let request = FileRequest(repository: repository, revision: commit, path: item.path.text, token: token)
        return try await retry.run(clock: ContinuousClock()) {
            let answer = try await hub.head(request)
            try answer.checkIsAnswer()
            let found = try answer.file(hub: hub.endpoint)
            guard found.storage == item.file.storage else {
                throw XetError(.invalidResponse, "\(item.path.text) is another file than the one that was listed")
            }
            return archived("HEAD", target(item, commit), answer.head, [])
        }
    }

    /// The content of a file that is not in XET, with what `head` says of it.
    func content(
        of item: RepositoryListing.Item,
        commit: String,
        head: ArchivedAnswer
    ) async throws -> ArchivedAnswer {
        let (answer, isHub) = try await get(target(item, commit))
        guard ContentClaim(item.file).compare(with: answer.body) != .mismatch else {
            throw XetError(.corrupt, "\(item.path.text) is not what the Hub says of it")
        }
        guard !isHub else { return answer }
        // Another host has bytes and does not know whose they are.
        let own = ["x-repo-commit", "etag", "x-linked-etag", "x-linked-size"]
        let named = head.headers.filter { own.contains($0.name.lowercased()) }
        let names = Set(named.map { $0.name.lowercased() })
        return ArchivedAnswer(
            repository: answer.repository,
            method: answer.method,
            target: answer.target,
            status: answer.status,
            headers: answer.headers.filter { !names.contains($0.name.lowercased()) } + named,
            body: answer.body,
            time: answer.time
        )
    }

    /// Whether everybody may read a file.
    func isPublic(_ item: RepositoryListing.Item, commit: String) async throws -> Bool {
        guard token != nil else { return true }
        let request = FileRequest(repository: repository, revision: commit, path: item.path.text, token: nil)
        return try await retry.run(clock: ContinuousClock()) {
            let answer = try await hub.head(request)
            try answer.checkIsAnswer()
            return (try? answer.file(hub: hub.endpoint)) != nil
        }
    }

    private func target(_ item: RepositoryListing.Item, _ commit: String) -> String {
        HubPath.resolve(repository, revision: commit, path: item.path.text)
    }

    private func pages(of target: String, _ each: (ArchivedAnswer) async throws -> Void) async throws {
        var target = target
        var seen: Set<String> = []
        while seen.count < Self.maximumPageCount, seen.insert(target).inserted {
            let (answer, _) = try await get(target)
            try await each(answer)
            let links = answer.headers.filter { $0.name.lowercased() == "link" }.map(\.value)
            guard let next = LinkHeader(parsing: links.joined(separator: ", ")).target(LinkHeader.nextRelation) else {
                return
            }
            target = try hub.nextPath(next, after: hub.endpoint.appending(target))
        }
        throw XetError(.invalidResponse, "the listing of \(repository) does not end")
    }

    private func get(_ target: String) async throws -> (answer: ArchivedAnswer, isHub: Bool) {
        try await retry.run(clock: ContinuousClock()) {
            let request = UpstreamRequest(
                .get,
                hub.endpoint.appending(target),
                of: .hub,
                authorization: token.map { "Bearer \($0.secret)" }
            )
            let response = try await hub.http.exchange(request, followsRedirects: true)
            guard response.head.status.kind == .successful else {
                throw XetError(response.head, from: response.address, of: .hub)
            }
            var body: [UInt8] = []
            try await response.forEach { piece in
                guard body.count + piece.readableBytes <= Self.maximumBodyByteCount else {
                    throw XetError(
                        .invalidResponse,
                        "\(response.address) sent more than \(Self.maximumBodyByteCount) bytes"
                    )
                }
                body += piece.readableBytesView
            }
            if let length = response.headers[.contentLength], Int(length) != body.count {
                throw XetError(.connectionFailed, "\(body.count) of \(length) bytes of \(response.address)")
            }
            let isHub = response.address.origin == hub.endpoint.origin
            return (archived("GET", target, response.head, body), isHub)
        }
    }

    private func archived(
        _ method: String,
        _ target: String,
        _ head: HTTPResponse,
        _ body: [UInt8]
    ) -> ArchivedAnswer {
        ArchivedAnswer(
            repository: "\(repository.kind.plural)/\(repository.name)",
            method: method,
            target: target,
            status: head.status.code,
            headers: head.headerFields.compactMap { field in
                Self.dropped.contains(field.name.canonicalName)
                    ? nil : ArchivedAnswer.Header(field.name.rawName, field.value)
            },
            body: body,
            time: time()
        )
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? dropLast(suffix.count) + other : self
    }
}
