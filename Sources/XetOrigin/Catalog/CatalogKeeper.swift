import Logging
import XetAccess
import XetCore
import XetStore

/// Keeps the catalogue as the folder is: looks at it, reads what is new, and publishes what has changed.
///
/// A file is read when it looks finished: when it was the same at the look before, or has not changed for
/// ``OriginConfiguration/settleSeconds``. Until then its repository stays as it was, so that clients do not get one half
/// of an update; but not for longer than ``maximumHoldSeconds``, since some files never come to rest.
actor CatalogKeeper {
    /// How long a repository stays as it was while files in it change.
    static let maximumHoldSeconds: UInt64 = 10 * 60

    private static let maximumToldCount = 10_000

    /// A repository as it was published.
    private struct Published {
        /// The files as they were found then.
        let files: [ScannedFile]
        let snapshot: RepositorySnapshot
        /// Whether all of them are served as they were found.
        let isComplete: Bool
    }

    private let scan: FolderScan
    private let ingest: Ingest
    private let catalog: Catalog
    private let xorbs: DiskXorbStore
    private let settleSeconds: UInt64
    private let now: @Sendable () -> UInt64
    private let logger: Logger
    private let gate = TaskGate()
    private let bell: Bell

    private var file: CatalogFile
    private var published: [Repository: Published] = [:]
    private var seen: [Repository: [RepositoryPath: FileStamp]] = [:]
    private var unsettledSince: [Repository: UInt64] = [:]
    private var discardCount = 0
    /// What the log has said of files that cannot be read.
    private var told: Set<IngestFailure> = []

    init(
        scan: FolderScan,
        ingest: Ingest,
        catalog: Catalog,
        xorbs: DiskXorbStore,
        file: CatalogFile,
        settleSeconds: UInt64,
        now: @escaping @Sendable () -> UInt64,
        bell: Bell,
        logger: Logger
    ) {
        self.scan = scan
        self.ingest = ingest
        self.catalog = catalog
        self.xorbs = xorbs
        self.file = file
        self.settleSeconds = settleSeconds
        self.now = now
        self.bell = bell
        self.logger = logger
    }

    /// Looks when the bell rings, and every so many seconds unless that is 0, until the task is cancelled.
    func watch(every seconds: UInt64) async {
        let rings = bell.rings()
        let bell = bell
        await withTaskGroup { group in
            if seconds > 0 {
                group.addTask {
                    while (try? await Task.sleep(for: .seconds(seconds))) != nil { bell.ring() }
                }
            }
            for await _ in rings {
                var isSettled = false
                while !isSettled, !Task.isCancelled {
                    isSettled = await lookOrExplain()
                }
            }
            group.cancelAll()
        }
    }

    /// Looks, and rests: returns whether there is nothing to wait for.
    private func lookOrExplain() async -> Bool {
        let clock = ContinuousClock()
        let start = clock.now
        var isSettled = true
        do {
            isSettled = try await look()
        } catch is CancellationError {
            return true
        } catch {
            logger.error("the folder cannot be read: what is served stays as it was", metadata: ["error": "\(error)"])
        }
        // Large folders take long to look at: no more than a fifth of the time is spent on it.
        var pause = (clock.now - start) * 4
        if !isSettled { pause = max(pause, .seconds(settleSeconds), .milliseconds(100)) }
        try? await Task.sleep(for: pause)
        return isSettled
    }

    /// Looks at the folder once; `false` if a file looks unfinished.
    ///
    /// One look at a time. The first ones, before anything is served, do not wait for repositories to come to rest, and
    /// what they find has no past. Throws when the folder cannot be read, or nothing stored: then all stays as it was.
    @discardableResult
    func look(
        isStart: Bool = false,
        report: @escaping @Sendable (IngestProgress) -> Void = { _ in }
    ) async throws -> Bool {
        try await gate.withTurn { try await lookAlone(isStart, report) }
    }

    private func lookAlone(
        _ isStart: Bool,
        _ report: @escaping @Sendable (IngestProgress) -> Void
    ) async throws -> Bool {
        let time = now()
        let found = try await scan.repositories()
        let damages = xorbs.discardCount
        let isStoreAsBefore = damages == discardCount
        let changed = found.filter { repository in
            guard isStoreAsBefore, let old = published[repository.repository], old.isComplete else { return true }
            return old.files != repository.files
        }
        // Taken out, since nobody else uses it now and a copy would be large.
        var records = CatalogFile(path: file.path, root: file.root)
        swap(&records, &file)
        defer { swap(&records, &file) }

        var missing: [RepositoryFile] = []
        var unsettled: Set<Repository> = []
        for repository in changed {
            for file in repository.repositoryFiles where try await ingest.entry(file, records) == nil {
                if isSettled(file, at: time) {
                    if ingest.isLost(file, records) {
                        logger.warning("stored again, since what was stored of it is damaged or missing", of: file)
                    }
                    missing.append(file)
                } else {
                    unsettled.insert(repository.repository)
                }
            }
        }
        seen = Dictionary(uniqueKeysWithValues: changed.map { ($0.repository, $0.stamps) })
        for failure in try await ingest.read(missing, &records, report: report) {
            if failure.isForNow { unsettled.insert(failure.file.repository) }
            if told.insert(failure).inserted { logger.warning("not read: \(failure.reason)", of: failure.file) }
        }
        // Told again only if it happens again.
        if told.count > Self.maximumToldCount { told = [] }
        discardCount = damages
        try await publish(found, changed: changed, unsettled: unsettled, records, at: isStart ? nil : time)
        records.keep(found.flatMap(\.repositoryFiles))
        return unsettled.isEmpty
    }

    private func isSettled(_ file: RepositoryFile, at time: UInt64) -> Bool {
        let age = Int64(clamping: time) - Int64(file.file.stamp.lastChange)
        return age > Int64(clamping: settleSeconds) || settleSeconds == 0
            || seen[file.repository]?[file.file.path] == file.file.stamp
    }

    /// `time` is `nil` at the start.
    private func publish(
        _ found: [ScannedRepository],
        changed: [ScannedRepository],
        unsettled: Set<Repository>,
        _ records: CatalogFile,
        at time: UInt64?
    ) async throws {
        let names = Set(found.map(\.repository))
        var next = published.filter { names.contains($0.key) }
        guard !changed.isEmpty || next.count < published.count else { return }
        for repository in changed {
            let name = repository.repository
            let old = published[name]
            if let time, unsettled.contains(name) {
                let since = unsettledSince[name, default: time]
                unsettledSince[name] = since
                if time < since + Self.maximumHoldSeconds { continue }
            } else {
                unsettledSince[name] = nil
            }
            next[name] = try await published(repository, instead: old, records)
        }
        unsettledSince = unsettledSince.filter { names.contains($0.key) }
        published = next
        catalog.publish(next.values.map(\.snapshot), isStart: time == nil)
    }

    private func published(
        _ repository: ScannedRepository,
        instead old: Published?,
        _ records: CatalogFile
    ) async throws -> Published {
        var entries: [CatalogEntry] = []
        var isComplete = true
        for file in repository.repositoryFiles {
            if let entry = try await ingest.entry(file, records) {
                entries.append(entry)
            } else {
                // The file as it was, until it can be read; a small one cannot be had meanwhile, which clients are told.
                isComplete = false
                if let entry = old?.snapshot.file(file.file.path) { entries.append(entry) }
            }
        }
        let snapshot = RepositorySnapshot(repository: repository.repository, files: entries)
        if let old, old.snapshot.commit != snapshot.commit {
            logger.info(
                "a repository has changed",
                metadata: ["repository": "\(snapshot.repository)", "commit": "\(snapshot.commit)"]
            )
        }
        return Published(files: repository.files, snapshot: snapshot, isComplete: isComplete)
    }
}

extension ScannedRepository {
    fileprivate var repositoryFiles: [RepositoryFile] {
        files.map { RepositoryFile(repository: repository, file: $0) }
    }

    fileprivate var stamps: [RepositoryPath: FileStamp] {
        Dictionary(files.map { ($0.path, $0.stamp) }) { first, _ in first }
    }
}

extension Logger {
    fileprivate func warning(_ message: Message, of file: RepositoryFile) {
        warning(message, metadata: ["file": "\(file)"])
    }
}
