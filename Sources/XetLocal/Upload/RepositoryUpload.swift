import NIOCore
package import XetAccess
package import XetClient
package import XetCore
import XetUpload
import XetWire

/// Uploads files to a repository: content first, then the commit that names it.
///
/// What a commit names is all there, or the commit is not made. Whatever was interrupted is repeated: what is there already is
/// found there, and not sent again.
package struct RepositoryUpload: Sendable {
    /// What is to be done beside the files.
    package struct Options: Sendable {
        package var revision = "main"
        package var message = ""
        package var description = ""
        /// Whether the commits go to a pull request that they open.
        package var opensPullRequest = false
        package var createsRepository = false
        package var isPrivate = false
        /// What is removed of the files below ``folder``, unless it comes anew.
        package var deletions: [GlobPattern] = []
        /// Where in the repository deletions begin; the root if empty.
        package var folder = ""
        /// Says what would be sent, and sends nothing.
        package var isDryRun = false
        /// Most files of a commit.
        package var commitCount = 10_000

        package init() {}
    }

    /// What came of a file.
    package enum Outcome: String, Encodable, Sendable {
        case uploaded
        /// The repository has it.
        case unchanged
        /// The repository's own rules leave it out.
        case ignored
        case deleted
    }

    /// How far it is.
    package enum Progress: Sendable {
        /// Bytes of files were read that are to be there afterwards.
        case read(UInt64)
        /// Bytes went over the line.
        case sent(Int)
    }

    /// What came of all.
    package struct Summary: Sendable {
        package var fileCount = 0
        package var byteCount: UInt64 = 0
        package var uploadedCount = 0
        package var deletedCount = 0
        /// Bytes of which no chunk was there.
        package var newByteCount: UInt64 = 0
        /// The last commit, and the pull request that was opened.
        package var commit: HubWriter.CommitAnswer?
        package var pullRequest: String?

        package init() {}
    }

    /// Xorbs that are sent at once are half as long as they may be, so that twice as many fit the same memory.
    private static let xorbByteCount = 32 << 20
    private static let xorbCount = 3

    private let hub: HubClient
    private let http: UpstreamHTTP
    private let writer: HubWriter
    private let repository: Repository
    private let token: HubToken?
    private let options: Options
    private let records: LocalPath?
    private let retry: RetryPolicy
    private let onProgress: @Sendable (Progress) -> Void
    private let onFile: @Sendable (_ path: String, _ byteCount: UInt64, Outcome) throws -> Void

    /// An upload with the rights of `token`; `records` is a folder where it is noted what was sent, if it is to be.
    ///
    /// `onFile` is told of each file in turn.
    package init(
        parts: HubParts,
        repository: Repository,
        token: HubToken?,
        options: Options,
        records: LocalPath?,
        retry: RetryPolicy,
        onProgress: @escaping @Sendable (Progress) -> Void,
        onFile: @escaping @Sendable (_ path: String, _ byteCount: UInt64, Outcome) throws -> Void
    ) {
        hub = parts.hub
        http = parts.writes
        self.repository = repository
        self.token = token
        self.options = options
        self.records = records
        self.retry = retry
        self.onProgress = onProgress
        self.onFile = onFile
        writer = HubWriter(endpoint: parts.hub.endpoint, http: parts.writes, token: token)
    }

    /// Where commits go: another revision once they have opened a pull request.
    private struct Target {
        var revision: String
        var opensPullRequest: Bool
    }

    /// Uploads `items`, of which no two have one path.
    ///
    /// Throws ``XetError`` and ``LocalFileError``.
    package func run(_ items: [UploadItem]) async throws -> Summary {
        if options.createsRepository, !options.isDryRun {
            _ = try await repeated { try await writer.create(repository, isPrivate: options.isPrivate) }
        }
        var summary = Summary()
        var target = Target(revision: options.revision, opensPullRequest: options.opensPullRequest)
        let deletions = try await deletions(without: Set(items.map(\.path)))
        let groups = items.isEmpty ? [[]] : items.groups(of: options.commitCount)
        for (number, group) in groups.enumerated() {
            var changes =
                try await repository.kind.hasRevisions
                ? commitChanges(group, target, &summary) : bucketChanges(group, target, &summary)
            if number == groups.count - 1 {
                changes.add(deletions)
                summary.deletedCount = deletions.count
            }
            guard !changes.isEmpty else { continue }
            if !options.isDryRun {
                try await make(changes, part: number + 1, of: groups.count, &target, &summary)
            }
            for path in changes.deletions { try onFile(path, 0, .deleted) }
        }
        return summary
    }

    // MARK: What is there

    /// The files that are to go.
    private func deletions(without kept: Set<String>) async throws -> [String] {
        guard !options.deletions.isEmpty else { return [] }
        let prefix = options.folder.isEmpty ? "" : options.folder + "/"
        return try await listed { entry in
            guard entry.path.hasPrefix(prefix), !kept.contains(entry.path) else { return nil }
            let relative = String(entry.path.dropFirst(prefix.count))
            // Git's own rules for the repository are not content.
            guard relative != ".gitattributes", options.deletions.contains(where: { $0.matches(relative) }) else {
                return nil
            }
            return entry.path
        }
    }

    /// What `value` gives for the files that are there.
    private func listed<Value>(_ value: (TreeEntryBody) -> Value?) async throws -> [Value] {
        try await repeated {
            var values: [Value] = []
            try await hub.list(repository, revision: options.revision, token: token) { page in
                values += page.compactMap(value)
            }
            return values
        }
    }

    /// What changes, in a repository or in a bucket.
    private struct Changes {
        var commit: [CommitChange] = []
        var bucket: [HubWriter.BucketChange] = []
        private(set) var deletions: [String] = []
        let isBucket: Bool

        var isEmpty: Bool { commit.isEmpty && bucket.isEmpty }

        init(isBucket: Bool) {
            self.isBucket = isBucket
        }

        mutating func add(_ deletions: [String]) {
            self.deletions = deletions
            if isBucket {
                bucket += deletions.map { .delete(path: $0) }
            } else {
                commit += deletions.map { .delete(path: $0) }
            }
        }
    }

    // MARK: Repositories

    private func commitChanges(_ items: [UploadItem], _ target: Target, _ summary: inout Summary) async throws
        -> Changes
    {
        var answers = try await preupload(items.filter { !$0.isStream }.map { ($0, $0.byteCount) }, target)
        var changes = Changes(isBucket: false)
        var large = items.filter(\.isStream)
        for item in items {
            guard let answer = answers[item.path] else { continue }
            if answer.shouldIgnore == true {
                try note(item, .ignored, &summary)
            } else if answer.uploadMode == .lfs, item.byteCount > 0 {
                large.append(item)
            } else if let oid = answer.oid, try await GitBlob.name(of: item.content) == oid {
                try note(item, .unchanged, &summary)
            } else {
                changes.commit.append(.file(path: item.path, item.content))
                summary.newByteCount += item.byteCount
                try note(item, .uploaded, &summary)
            }
        }
        let sent = try await send(large, answers, target, &summary)
        // Of a pipe it is known now how long it was.
        let streams = sent.filter(\.item.isStream).map { ($0.item, $0.byteCount) }
        answers.merge(try await preupload(streams, target)) { first, _ in first }
        for (item, sha256, byteCount) in sent {
            let answer = answers[item.path]
            guard answer?.uploadMode == .lfs else {
                throw XetError(
                    .invalidRequest,
                    "the Hub wants '\(item.path)' in the commit itself, for which it is too long"
                )
            }
            if answer?.oid == sha256.text {
                try note(item, .unchanged, &summary, isRead: byteCount)
            } else {
                changes.commit.append(.largeFile(path: item.path, sha256, byteCount: byteCount))
                try note(item, .uploaded, &summary, isRead: byteCount)
            }
        }
        return changes
    }

    /// A large file whose content is there.
    private typealias SentFile = (item: UploadItem, sha256: SHA256Digest, byteCount: UInt64)

    private func note(
        _ item: UploadItem,
        _ outcome: Outcome,
        _ summary: inout Summary,
        isRead readByteCount: UInt64? = nil
    ) throws {
        summary.fileCount += 1
        summary.byteCount += readByteCount ?? item.byteCount
        if outcome == .uploaded { summary.uploadedCount += 1 }
        if readByteCount == nil { onProgress(.read(item.byteCount)) }
        try onFile(item.path, readByteCount ?? item.byteCount, outcome)
    }

    private func preupload(
        _ items: [(item: UploadItem, byteCount: UInt64)],
        _ target: Target
    ) async throws -> [String: HubWriter.PreuploadAnswer] {
        var answers: [String: HubWriter.PreuploadAnswer] = [:]
        let ignored = try await items.first { $0.item.path == ".gitignore" }?.item.text()
        for group in items.groups(of: HubWriter.mostPreuploadCount) {
            var files: [HubWriter.PreuploadFile] = []
            for (item, byteCount) in group { files.append(try await item.preuploadFile(byteCount: byteCount)) }
            let asked = files
            let found = try await repeated {
                try await writer.preupload(
                    asked,
                    to: repository,
                    revision: target.revision,
                    opensPullRequest: target.opensPullRequest,
                    gitIgnore: ignored
                )
            }
            answers.merge(found) { first, _ in first }
        }
        return answers
    }

    // MARK: Content

    /// Brings the content of large files there; returns what it is.
    private func send(
        _ items: [UploadItem],
        _ answers: [String: HubWriter.PreuploadAnswer],
        _ target: Target,
        _ summary: inout Summary
    ) async throws -> [SentFile] {
        guard !items.isEmpty else { return [] }
        let tokens = WriteTokens(hub, opensPullRequest: target.opensPullRequest)
        let scope = TokenScope(repository: repository, revision: target.revision, token: token)
        do {
            _ = try await repeated { try await tokens.casToken(for: scope, refused: nil) }
        } catch let error as XetError
            where [404, 501].contains(error.response?.status) && error.response?.errorCode == nil
        {
            if let stream = items.first(where: \.isStream) {
                throw XetError(
                    .invalidRequest,
                    "this Hub has no XET, and wants to know what '\(stream.path)' is before it gets it: upload a file",
                    cause: error
                )
            }
            return try await sendByLFS(items, answers, target, &summary)
        }
        return try await sendByXET(items, tokens, scope, &summary).map { item, file in
            guard let sha256 = file.sha256 else {
                throw XetError(.invalidRequest, "'\(item.path)' was uploaded without its SHA-256")
            }
            return (item, sha256, file.byteCount)
        }
    }

    private func sendByXET(
        _ items: [UploadItem],
        _ tokens: some TokenProvider,
        _ scope: TokenScope,
        _ summary: inout Summary
    ) async throws -> [(UploadItem, UploadedFile)] {
        let cache = TokenCache(tokens, now: UploadClock.seconds)
        let cas = CASWriter(http: http, tokens: cache, scope: scope, retry: retry) { onProgress(.sent($0)) }
        let address = try await repeated { try await cache.casToken(for: scope, refused: nil) }.endpoint
        // What is known from records may turn out to be gone; then everything is read again, which a pipe cannot be.
        let records =
            items.contains(where: \.isStream) ? nil : records.map { UploadRecords(root: $0, address: address) }
        let chunks = ServerChunks(cas)
        if let records { try await Blocking.run { records.load(into: chunks) } }
        do {
            return try await pack(items, cas, chunks, records, &summary)
        } catch let error as XetError
            where error.code == .invalidResponse && records != nil && error.server?.service == .cas
        {
            // What was there when it was noted may be there no more.
            try await Blocking.run { records?.removeAll() }
            return try await pack(items, cas, ServerChunks(cas), nil, &summary)
        }
    }

    private func pack(
        _ items: [UploadItem],
        _ cas: CASWriter,
        _ chunks: ServerChunks,
        _ records: UploadRecords?,
        _ summary: inout Summary
    ) async throws -> [(UploadItem, UploadedFile)] {
        var limits = UploadLimits()
        limits.xorbByteCount = Self.xorbByteCount
        limits.xorbCount = Self.xorbCount
        limits.workerCount = UploadClock.coreCount
        limits.hasSHA256 = repository.kind.hasRevisions
        let sink = NotingSink(cas: options.isDryRun ? nil : cas, records: records)
        let tally = UploadTally()
        let files = try await UploadSession.run(
            xorbs: sink,
            shards: sink,
            chunks: chunks,
            limits: limits,
            report: { progress in
                let byteCount = tally.note(progress)
                if byteCount > 0 { onProgress(.read(byteCount)) }
            }
        ) { session in
            for item in items { try await session.add(item.pieces) }
            return try await session.commit()
        }
        summary.newByteCount += tally.newByteCount
        return Array(zip(items, files))
    }

    private func sendByLFS(
        _ items: [UploadItem],
        _ answers: [String: HubWriter.PreuploadAnswer],
        _ target: Target,
        _ summary: inout Summary
    ) async throws -> [SentFile] {
        let lfs = LFSWriter(
            hub: writer,
            repository: repository,
            revision: target.opensPullRequest ? nil : target.revision,
            onSent: { onProgress(.sent($0)) }
        )
        var results: [SentFile] = []
        for group in items.groups(of: LFSWriter.mostBatchCount) {
            var hashed: [(item: UploadItem, object: LFSWriter.Object)] = []
            for item in group {
                var digest = SHA256Stream()
                for try await piece in item.content.pieces() {
                    digest.append(piece)
                    onProgress(.read(UInt64(piece.readableBytes)))
                }
                let sha256 = digest.digest()
                results.append((item, sha256, item.byteCount))
                guard answers[item.path]?.oid != sha256.text else { continue }
                hashed.append((item, LFSWriter.Object(sha256: sha256, byteCount: item.byteCount)))
            }
            let objects = hashed.map(\.object)
            guard !objects.isEmpty else { continue }
            var transfers = try await repeated { try await lfs.transfers(of: Array(Set(objects))) }
            for (item, object) in hashed {
                // The same content is sent once.
                guard let transfer = transfers.removeValue(forKey: object.sha256) else { continue }
                summary.newByteCount += item.byteCount
                if options.isDryRun { continue }
                try await repeated { try await lfs.send(item.content, object, by: transfer) }
            }
        }
        return results
    }

    // MARK: Buckets

    private func bucketChanges(_ items: [UploadItem], _ target: Target, _ summary: inout Summary) async throws
        -> Changes
    {
        var changes = Changes(isBucket: true)
        guard !items.isEmpty else { return changes }
        let known = try await bucketFiles(Set(items.map(\.path)))
        let tokens = WriteTokens(hub, opensPullRequest: false)
        let scope = TokenScope(repository: repository, revision: target.revision, token: token)
        for (item, file) in try await sendByXET(items, tokens, scope, &summary) {
            if known[item.path] == file.hash {
                try note(item, .unchanged, &summary, isRead: file.byteCount)
            } else {
                let modification = item.modification ?? Int64(UploadClock.seconds()) * 1000
                changes.bucket.append(.add(path: item.path, file.hash, modification: modification))
                try note(item, .uploaded, &summary, isRead: file.byteCount)
            }
        }
        return changes
    }

    private func bucketFiles(_ paths: Set<String>) async throws -> [String: FileHash] {
        let files = try await listed { entry in
            paths.contains(entry.path) ? entry.xetHash.flatMap { FileHash($0) }.map { (entry.path, $0) } : nil
        }
        return Dictionary(files) { first, _ in first }
    }

    // MARK: Commits

    private func make(
        _ changes: Changes,
        part: Int,
        of count: Int,
        _ target: inout Target,
        _ summary: inout Summary
    ) async throws {
        if changes.isBucket {
            for group in changes.bucket.groups(of: HubWriter.mostBatchCount) {
                try await repeated { try await writer.change(repository, group) }
            }
            return
        }
        let message = count == 1 ? options.message : "\(options.message) (part \(part) of \(count))"
        let body = try CommitBody(summary: message, description: options.description, changes.commit)
        let (revision, opens) = (target.revision, target.opensPullRequest)
        let answer = try await repeated {
            do {
                return try await writer.commit(body, to: repository, revision: revision, opensPullRequest: opens)
            } catch let error as XetError where error.isOutage && ![429, 503].contains(error.response?.status) {
                // It may have been made, and must not be made twice.
                throw XetError(
                    .unreachable,
                    "\(error.message) while a commit was made, so that it is not known whether it was; all content is there: run the same command again",
                    cause: error
                )
            }
        }
        summary.commit = answer
        guard opens else { return }
        guard let page = answer.pullRequest, let number = page.split(separator: "/").last.flatMap({ Int($0) }) else {
            throw XetError(.invalidResponse, "the Hub does not say which pull request it has opened")
        }
        summary.pullRequest = page
        target = Target(revision: "refs/pr/\(number)", opensPullRequest: false)
    }

    private func repeated<Value>(_ operation: () async throws -> Value) async throws -> Value {
        try await retry.run(clock: ContinuousClock(), operation)
    }
}
