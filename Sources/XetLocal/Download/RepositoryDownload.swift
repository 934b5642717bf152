import Synchronization
package import XetAccess
import XetClient
package import XetCore

/// Downloads the files of a repository into a folder, several at once.
///
/// They are those of one commit. What is there and is the same is left alone, what is there in part goes on.
package struct RepositoryDownload: Sendable {
    package typealias Item = RepositoryListing.Item

    /// What came of a file.
    package enum Outcome: String, Encodable, Sendable {
        /// It was there.
        case present
        case downloaded
        /// It is not there, or not whole, and nothing was done about that.
        case missing
    }

    /// What came of all.
    package struct Summary: Sendable {
        package var location = LocalPath(".")
        package var fileCount = 0
        package var byteCount: UInt64 = 0
        package var downloadedCount = 0
        package var receivedByteCount: UInt64 = 0

        package init() {}

        fileprivate mutating func note(_ item: Item, _ outcome: Outcome) {
            fileCount += 1
            byteCount += item.byteCount
            if outcome != .present { downloadedCount += 1 }
        }
    }

    private let parts: HubParts
    private let repository: Repository
    private let revision: String
    private let token: HubToken?
    private let listing: RepositoryListing
    private let place: any DownloadPlace
    private let isVerifying: Bool
    private let jobCount: Int
    private let observer: any RepositoryObserver
    private let onFile: @Sendable (Item, Outcome) throws -> Void

    /// A download of `jobCount` files at once; `isVerifying` says whether what is there is hashed, whatever is on record.
    ///
    /// `onFile` is told of each file, in the order in which they are done.
    package init(
        parts: HubParts,
        repository: Repository,
        revision: String,
        token: HubToken?,
        filter: PathFilter,
        place: any DownloadPlace,
        isVerifying: Bool = false,
        jobCount: Int = 8,
        observer: any RepositoryObserver,
        onFile: @escaping @Sendable (Item, Outcome) throws -> Void = { _, _ in }
    ) {
        self.parts = parts
        self.repository = repository
        self.revision = revision
        self.token = token
        listing = RepositoryListing(
            hub: parts.hub,
            retry: parts.bodyRetry,
            repository: repository,
            revision: revision,
            token: token,
            filter: filter
        )
        self.place = place
        self.isVerifying = isVerifying
        self.jobCount = jobCount
        self.observer = observer
        self.onFile = onFile
    }

    /// Says what is there and what is not, and does nothing about it.
    package func plan() async throws -> Summary {
        let (items, commit) = try await listing.files()
        var summary = Summary()
        summary.location = place.location(of: commit)
        for item in items {
            var isThere = try await isKnown(item)
            if !isThere { isThere = try await isEqual(item) }
            let outcome = isThere ? Outcome.present : .missing
            summary.note(item, outcome)
            if outcome == .missing { summary.receivedByteCount += item.byteCount }
            try onFile(item, outcome)
        }
        return summary
    }

    /// Downloads what is not there; a first failure ends it, and what has come stays.
    package func run() async throws -> Summary {
        let (items, commit) = try await listing.files()
        try await Blocking.run { [place] in try place.prepare() }
        observer.begin(fileCount: items.count, byteCount: items.reduce(0) { $0 + $1.byteCount })
        defer { observer.end() }
        var begun = Summary()
        begun.location = place.location(of: commit)
        let summary = Mutex(begun)
        do {
            // The longest first, so that no one of them is left alone at the end.
            try await items.sorted { $0.byteCount > $1.byteCount }.forEach(atOnce: jobCount) { item in
                let outcome = try await download(item, at: commit)
                try onFile(item, outcome)
                summary.withLock { $0.note(item, outcome) }
            }
            try await Blocking.run { [place, revision] in try place.finish(revision: revision, commit: commit) }
        } catch {
            let done = summary.withLock(\.fileCount)
            throw UnfinishedRepository(cause: error, doneCount: done, fileCount: items.count, folder: place.folder)
        }
        var result = summary.withLock { $0 }
        result.receivedByteCount = observer.receivedByteCount
        return result
    }

    /// Whether it is on record that a file is what is to be downloaded now.
    private func isKnown(_ item: Item) async throws -> Bool {
        if isVerifying { return false }
        return try await Blocking.run { [place] in place.isKnown(item) }
    }

    /// Whether a file has the right content, by its hash.
    private func isEqual(_ item: Item) async throws -> Bool {
        let path = try place.path(of: item)
        guard case .file(let place)? = try? await Blocking.run({ try OutputTarget(path) }) else { return false }
        return try await place.compare(with: item.claim) == .match
    }

    private func download(_ item: Item, at commit: String) async throws -> Outcome {
        let own = observer.file()
        let isNew = try await isKnown(item) ? false : fetch(item, at: commit, own)
        try await Blocking.run { [place] in try place.finish(item, commit: commit) }
        observer.noteDone(uncounted: item.byteCount - min(item.byteCount, own.byteCount))
        return isNew ? .downloaded : .present
    }

    /// Makes the content be there; returns whether something had to be done for it.
    private func fetch(_ item: Item, at commit: String, _ observer: any DownloadObserver) async throws -> Bool {
        let path = try place.path(of: item)
        let claim = try await place.claim(item)
        defer { withExtendedLifetime(claim) {} }
        try await Blocking.run { try Folder.make(path.folder) }
        let request = FileRequest(repository: repository, revision: commit, path: item.path.text, token: token)
        let download = LocalDownload(
            parts: parts,
            scope: request.tokenScope(),
            request: request,
            file: item.file,
            observer: observer,
            // Of thousands of files some are asked for when the Hub has had enough for a while.
            openingRetry: parts.bodyRetry
        )
        let earlier = try await Blocking.run { [place, revision] in try place.earlier(item, revision: revision) }
        return try await download.toFile(path, earlier: earlier)
    }
}

/// A download of many files that failed, or was interrupted.
package struct UnfinishedRepository: Error {
    package let cause: any Error
    package let doneCount: Int
    package let fileCount: Int
    package let folder: LocalPath

    package init(cause: any Error, doneCount: Int, fileCount: Int, folder: LocalPath) {
        self.cause = cause
        self.doneCount = doneCount
        self.fileCount = fileCount
        self.folder = folder
    }
}
