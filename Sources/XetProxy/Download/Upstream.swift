import HTTPTypes
import Hummingbird
import Tracing
public import XetAccess
public import XetClient
import XetCore
public import XetDownload
public import XetServer
import XetWire

/// What the routes need of the world: Hub, CAS, CDN, and the engine that rebuilds files.
public final class Upstream: Sendable {
    /// What is asked about at once when it takes long to say whether all of a file is kept.
    private static let provenStepByteCount: UInt64 = 16 << 30

    let hub: HubClient
    let tokens: any TokenProvider
    let cas: CASClient
    let downloader: FileDownloader
    let retry: RetryPolicy
    /// For what is asked after the head, to go on with a body.
    let bodyRetry: RetryPolicy
    /// Where what is fetched is kept, if it is.
    let cache: (any SiteCache)?
    /// What the Hub has said before, if that is remembered.
    let leases: HubLeases?
    /// Whether nobody is asked, so that what is kept is all there is.
    var isOffline: Bool { hub.http.isOffline }
    /// What requests that change something go out through.
    let writes: UpstreamHTTP
    /// What all parts count in.
    let metrics: MetricsRegistry

    /// Puts the parts together; `retry` is for what is asked before the head is sent, while a client waits, `bodyRetry` for
    /// the bodies of files that are not in XET.
    ///
    /// `writes` may have more patience than what the Hub is asked through: a server that has got an upload may be silent
    /// while it checks it.
    public init(
        hub: HubClient,
        tokens: any TokenProvider,
        cas: CASClient,
        downloader: FileDownloader,
        retry: RetryPolicy = RetryPolicy(
            maximumAttempts: 4,
            maximumDelay: .seconds(2),
            maximumDuration: .seconds(6)
        ),
        bodyRetry: RetryPolicy = RetryPolicy(),
        cache: (any SiteCache)? = nil,
        leases: HubLeases? = nil,
        writes: UpstreamHTTP? = nil,
        metrics: MetricsRegistry = MetricsRegistry()
    ) {
        self.hub = hub
        self.tokens = tokens
        self.cas = cas
        self.downloader = downloader
        self.retry = retry
        self.bodyRetry = bodyRetry
        self.cache = cache
        self.leases = leases
        self.writes = writes ?? hub.http
        self.metrics = metrics
    }

    /// What the Hub says of a file to the caller, whose own token it is asked with.
    func head(_ request: FileRequest, headers: HTTPFields = [:], followsHub: Bool) async throws -> FileHead {
        try await withSpan("resolve") { _ in
            try await leased(request, headers, detail: followsHub ? .following : .none) { isPatient in
                // What may pass is asked again; of what does not, a client that talks to the Hub gets the Hub's own words.
                var refusal: FileHead?
                do {
                    return try await retry(isPatient).run(clock: ContinuousClock(), onRetry: noteRetry) {
                        refusal = nil
                        let answer = try await hub.head(
                            request,
                            headers: headers,
                            followsHub: followsHub,
                            headTimeout: isPatient ? nil : .init(HubLeases.briefWait)
                        )
                        if !followsHub { refusal = answer }
                        try answer.checkIsAnswer()
                        return answer
                    }
                } catch let error as XetError {
                    guard error.isTransient, let refusal else { throw error }
                    return refusal
                }
            }
        }
    }

    /// How a request is repeated; not at all if something is known that may stand in for its answer.
    func retry(_ isPatient: Bool) -> RetryPolicy { isPatient ? retry : RetryPolicy(maximumAttempts: 1) }

    /// What the Hub says of a file, or has said before.
    private func leased(
        _ request: FileRequest,
        _ headers: HTTPFields,
        detail: HubQuestion.Detail,
        _ ask: (_ isPatient: Bool) async throws -> FileHead
    ) async throws -> FileHead {
        guard let leases else { return try await ask(true) }
        try request.check()
        let authorization = request.token.map { "Bearer \($0.secret)" }
        let question = HubQuestion(
            .head,
            HubPath.resolve(request.repository, revision: request.revision, path: request.path),
            detail: detail,
            repository: request.repository,
            authorization: authorization,
            headers: headers
        )
        let answer = try await leases.answer(to: question, from: authorization) { isPatient in
            let head = try await ask(isPatient)
            return HubAnswer(head.head, from: head.address)
        }
        guard let answer else { return try await ask(true) }
        return FileHead(head: answer.head, address: answer.address)
    }

    /// Resolves a file with the caller's own token; the headers are what the Hub says to caches.
    ///
    /// Throws `.forbidden` if it turns out to be in a repository that is not served.
    func resolve(_ request: FileRequest, _ rules: RepositoryRules) async throws
        -> (file: ResolvedFile, caching: HTTPFields)
    {
        let path = HubPath.resolve(request.repository, revision: request.revision, path: request.path)
        let authorization = request.token.map { "Bearer \($0.secret)" }
        guard try await refusal(RepositorySubject(path: path), rules, authorization: authorization) == nil else {
            throw XetError(.forbidden, "this proxy does not serve all that \(request.repository) may mean")
        }
        // A repository that was renamed is found under its old name too; the client of the Hub asks the rules.
        let answer = try await head(request, followsHub: true)
        let file = try answer.file(hub: hub.endpoint, hasCommit: request.repository.kind.hasRevisions)
        return (file, EndpointHeaders.caching(answer.head.headerFields))
    }

    /// Whether the Hub shows a repository to who has no token; `nil` if it does not say soon.
    func isPublic(_ repository: Repository) async -> Bool? {
        let address = hub.endpoint.appending(HubPath.api(repository))
        let request = UpstreamRequest(.get, address, of: .hub, headTimeout: .seconds(2))
        guard let answer = try? await hub.http.exchange(request) else { return nil }
        return answer.head.status == .ok
    }

    func noteRetry(_ error: XetError) { hub.http.metrics.noteRetry(.hub) }

    /// The bytes of a file that was resolved, or what its headers say of it: the one answer of all download routes.
    ///
    /// `headers` go along. The answer names the hash of a file in XET if it `namesHash`.
    func respond(
        _ request: Request,
        _ context: ProxyContext,
        file: FileRequest,
        _ resolved: ResolvedFile,
        name: String,
        namesHash: Bool = true,
        headers: HTTPFields = [:]
    ) async throws -> Response {
        guard case .xet(let hash) = resolved.storage, let byteCount = resolved.byteCount else {
            return try await RegularFile(upstream: self, request: file, file: resolved, name: name, headers: headers)
                .respond(request, context)
        }
        let head = DownloadHead(
            request.head,
            file: resolved,
            byteCount: byteCount,
            fileName: name,
            hash: namesHash ? hash : nil,
            acceptsRanges: !downloader.refusesParts(of: hash),
            headers: headers
        )
        return try await stream(
            hash,
            byteCount: byteCount,
            head: head,
            for: request,
            scope: file.tokenScope(resolved),
            context: context
        )
    }

    /// Has the CAS token ready for when it is needed.
    func warmToken(_ scope: TokenScope) async throws {
        try await withSpan("token") { _ in _ = try await tokens.casToken(for: scope, refused: nil) }
    }

    /// The answer that rebuilds a file, or what `head` says of it.
    ///
    /// The first window is planned before the head is sent, so that what the CAS refuses becomes a status.
    func stream(
        _ hash: FileHash,
        byteCount: UInt64,
        head: DownloadHead,
        for request: Request,
        scope: TokenScope,
        context: ProxyContext
    ) async throws -> Response {
        let isWhole = head.range == FileByteRange(count: byteCount)
        var headers = head.headers
        if isWhole { headers[.xetVerified] = "file" }
        // Without a cache there is nobody whom that concerns.
        let isOnlyIfCached = cache != nil && CacheControl(request.headers[values: .cacheControl]).isOnlyIfCached
        if isOnlyIfCached, let range = head.range {
            guard await keepsAll(range, of: hash) else { return .notKept }
            headers[.xCache] = "HIT"
        }
        guard request.method == .get, let range = head.range else { return .bare(head.status, headers) }
        if isOffline { try await checkIsKept(range, of: hash) }
        // The chunks of a part that are proven have been compared with a hash that covered them.
        async let isProven = isWhole ? false : cache?.isProven(range, of: hash) ?? false
        let source: any ReconstructionSource = cas.reconstructions(for: scope)
        let download = try await withSpan("plan") { _ in
            try await downloader.prepare(
                hash,
                byteCount: byteCount,
                range: range,
                // That the caller may have the file has just been said: by the Hub for a path, by the CAS for a hash.
                from: cache?.reconstructions(source) ?? source
            )
        }
        if cache != nil { headers[.xCache] = download.isKept ? "HIT" : "MISS" }
        let isOnlyProven = await (isProven || isOnlyIfCached) && download.isKept
        if isOnlyIfCached, !isOnlyProven { return .notKept }
        if isOnlyProven, !isWhole { headers[.xetVerified] = "chunks" }
        let body = body(context) { [self] sink in
            try await tallying(context, isOnlyProven: isOnlyProven) { try await download.stream(into: &sink) }
        }
        return Response(status: head.status, headers: headers, body: body)
    }

    /// Throws `.offline` if a part of a range is missing, as it would turn out behind the head.
    private func checkIsKept(_ range: FileByteRange, of file: FileHash) async throws {
        guard let cache, case let place? = try await cache.missing(range, of: file) else { return }
        throw XetError(
            .offline,
            "this proxy is offline, and has no more than a part of what you ask for: byte \(place) of \(file) is missing"
        )
    }

    /// Whether all chunks that a range needs are kept and proven, however long it takes to say.
    private func keepsAll(_ range: FileByteRange, of file: FileHash) async -> Bool {
        guard let cache else { return false }
        var start = range.start
        while start < range.end {
            let end = min(range.end, start + Self.provenStepByteCount)
            guard !Task.isCancelled, let part = FileByteRange(start: start, end: end),
                await cache.isProven(part, of: file)
            else { return false }
            start = end
        }
        return true
    }

    /// Runs `body`, and notes where the bytes that it read came from.
    ///
    /// If only proven chunks may be read, it fails for others.
    func tallying(_ context: ProxyContext, isOnlyProven: Bool = false, _ body: () async throws -> Void) async throws {
        guard cache != nil else { return try await body() }
        let tally = CacheTally(isOnlyProven: isOnlyProven)
        defer { context.record.note(tally.result, savedByteCount: tally.savedByteCount) }
        try await CacheTally.$current.withValue(tally) { try await body() }
    }

    /// A body that `write` produces.
    ///
    /// It ends cleanly only if `write` returns. A failure closes the connection, which shows the client that the body
    /// is not whole; a client that leaves cancels `write`, which runs where the connection does.
    func body(
        _ context: ProxyContext,
        _ write: @escaping @Sendable (inout ResponseSink) async throws -> Void
    ) -> ResponseBody {
        ResponseBody { writer in
            let sink = ResponseSink(writer)
            try await withTaskExecutorPreference(EventLoopExecutor(context.channel.eventLoop)) {
                try await context.whilePresent {
                    var sink = sink
                    try await write(&sink)
                    try await sink.finish()
                }
            }
        }
    }
}

extension Response {
    /// The answer to who wants nothing but what is kept.
    fileprivate static var notKept: Response {
        var response = Response.refusal(.gatewayTimeout, "not all of this is kept and proven")
        response.headers[.xCache] = "MISS"
        return response
    }
}
