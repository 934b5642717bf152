import HTTPTypes
import NIOCore
import Synchronization
package import XetAccess
package import XetClient
package import XetCore
import XetWire

/// Has a proxy fetch the files of a repository into its cache, and makes sure that they are there.
///
/// Nothing is written here. A file is read whole once if the proxy does not have it: it ends only if its hash was right.
package struct CacheWarming: Sendable {
    /// What came of a file.
    package enum Outcome: String, Encodable, Sendable {
        /// The proxy had all of it.
        case kept
        /// It has all of it now.
        case fetched
        /// It is not in XET: it was read, and the proxy keeps no chunks of it.
        case plain
        /// The proxy does not have all of it, and was not asked to fetch it.
        case missing
        /// It was read, and the proxy did not keep all of it.
        case notKept
        /// It could not be read.
        case failed
    }

    /// What came of all.
    package struct Summary: Sendable {
        package fileprivate(set) var fileCount = 0
        package fileprivate(set) var byteCount: UInt64 = 0
        /// Files that were fetched, or would be.
        package fileprivate(set) var fetchedCount = 0
        package fileprivate(set) var fetchedByteCount: UInt64 = 0
        package fileprivate(set) var plainCount = 0
        /// Files that the proxy does not have now.
        package fileprivate(set) var absentCount = 0
        /// What the first of them failed with.
        package fileprivate(set) var failure: (any Error)?

        package init() {}

        /// Adds what came of another repository.
        package mutating func add(_ other: Summary) {
            fileCount += other.fileCount
            byteCount += other.byteCount
            fetchedCount += other.fetchedCount
            fetchedByteCount += other.fetchedByteCount
            plainCount += other.plainCount
            absentCount += other.absentCount
            failure = failure ?? other.failure
        }

        fileprivate mutating func note(_ item: RepositoryListing.Item, _ outcome: Outcome, _ error: (any Error)?) {
            fileCount += 1
            byteCount += item.byteCount
            switch outcome {
            case .kept: break
            case .plain: plainCount += 1
            case .fetched, .missing:
                fetchedCount += 1
                fetchedByteCount += item.byteCount
            case .notKept, .failed: break
            }
            if [.missing, .notKept, .failed].contains(outcome) { absentCount += 1 }
            failure = failure ?? error
        }
    }

    /// How long what was read may take to be proven, which happens behind the reader.
    private static let provingTime = Duration.seconds(30)
    /// After how long that is asked again: each time after twice as long.
    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(4)

    private let hub: HubClient
    private let retry: RetryPolicy
    private let repository: Repository
    private let token: HubToken?
    private let listing: RepositoryListing
    private let jobCount: Int
    private let observer: any RepositoryObserver
    private let onFile: @Sendable (RepositoryListing.Item, Outcome, (any Error)?) throws -> Void

    /// Files through the proxy that `hub` is, `jobCount` at once; `onFile` is told of each as it is done.
    package init(
        hub: HubClient,
        retry: RetryPolicy,
        repository: Repository,
        revision: String,
        token: HubToken?,
        filter: PathFilter,
        jobCount: Int,
        observer: any RepositoryObserver,
        onFile: @escaping @Sendable (RepositoryListing.Item, Outcome, (any Error)?) throws -> Void
    ) {
        self.hub = hub
        self.retry = retry
        self.repository = repository
        self.token = token
        listing = RepositoryListing(
            hub: hub,
            retry: retry,
            repository: repository,
            revision: revision,
            token: token,
            filter: filter
        )
        self.jobCount = jobCount
        self.observer = observer
        self.onFile = onFile
    }

    /// Says what the proxy has and what not, and fetches nothing.
    package func plan() async throws -> Summary {
        try await each { item, request, _ in
            guard case .xet = item.file.storage else { return .plain }
            return try await isKept(request) ? .kept : .missing
        }
    }

    /// Fetches what the proxy does not have.
    ///
    /// A file that fails is left out; if nobody answers any more, that is thrown.
    package func run() async throws -> Summary { try await each { try await warm($0, $1, $2) } }

    private func each(
        _ body: @escaping @Sendable (RepositoryListing.Item, FileRequest, any DownloadObserver) async throws -> Outcome
    ) async throws -> Summary {
        let (items, commit) = try await listing.files()
        observer.begin(fileCount: items.count, byteCount: items.reduce(0) { $0 + $1.byteCount })
        defer { observer.end() }
        let summary = Mutex(Summary())
        let finish: @Sendable (RepositoryListing.Item) async throws -> Void = { item in
            let own = observer.file()
            let request = FileRequest(repository: repository, revision: commit, path: item.path.text, token: token)
            var outcome = Outcome.failed
            var failure: (any Error)?
            do {
                outcome = try await body(item, request, own)
            } catch let error as XetError where !error.isOutage && error.code != .invalidRequest {
                failure = error
            }
            observer.noteDone(uncounted: item.byteCount - min(item.byteCount, own.byteCount))
            summary.withLock { $0.note(item, outcome, failure) }
            try onFile(item, outcome, failure)
        }
        // The longest first, so that no one of them is left alone at the end.
        try await items.sorted { $0.byteCount > $1.byteCount }.forEach(atOnce: jobCount, finish)
        return summary.withLock { $0 }
    }

    private func warm(
        _ item: RepositoryListing.Item,
        _ request: FileRequest,
        _ own: any DownloadObserver
    ) async throws -> Outcome {
        guard case .xet = item.file.storage else {
            try await read(open(item, request), item, own)
            return .plain
        }
        if try await isKept(request) { return .kept }
        try await read(open(item, request), item, own)
        let start = ContinuousClock.now
        var pause = Self.firstPause
        while try await !isKept(request) {
            guard ContinuousClock.now - start < Self.provingTime else { return .notKept }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
        return .fetched
    }

    private func open(_ item: RepositoryListing.Item, _ request: FileRequest) async throws -> RegularContent {
        try await retry.run(clock: ContinuousClock()) { try await hub.content(of: request, item.file) }
    }

    private func read(
        _ content: RegularContent,
        _ item: RepositoryListing.Item,
        _ own: any DownloadObserver
    ) async throws {
        own.begin(item.path.name.text, total: item.file.byteCount, start: 0, isKept: false)
        defer { own.end() }
        var sink = ProgressSink(NoSink(), start: 0, observer: own)
        try await content.stream(retry: retry, into: &sink)
    }

    /// Whether the proxy has all chunks of a file, and has proven them.
    ///
    /// It fetches nothing to say so. Throws `.invalidRequest` if it is no proxy that keeps any.
    private func isKept(_ request: FileRequest) async throws -> Bool {
        try await retry.run(clock: ContinuousClock()) {
            let answer = try await hub.head(request, headers: [.cacheControl: "only-if-cached"])
            if let kept = answer.head.headerFields[.xCache] { return kept == "HIT" }
            // An error of somebody else, or the file of a Hub.
            _ = try answer.file(hub: hub.endpoint, hasCommit: repository.kind.hasRevisions)
            throw XetError(.invalidRequest, "\(hub.endpoint) is no xet proxy with a cache: nothing would be kept there")
        }
    }

    /// Takes nothing.
    private struct NoSink: DeliverySink {
        mutating func deliver(_ bytes: ByteBuffer) async throws {}
    }
}
