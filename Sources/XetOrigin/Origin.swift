import Hummingbird
public import Logging
import NIOCore
import XetAccess
import XetCore
import XetServer
import XetStore
import XetWire
import _NIOFileSystem

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A small Hub and CAS over a folder.
///
/// Every folder `models|datasets|spaces/OWNER/NAME/` is a repository with one revision, `main`, whose commit follows
/// from its content. The folder is read before the origin serves, and looked at again while it does. Large files are
/// stored as XET in the data folder, where they stay: another origin over the same folders reads only what is new or has
/// changed. Only one origin at a time can have a data folder.
public struct Origin: Sendable {
    private let configuration: OriginConfiguration
    private let services: OriginServices
    private let logger: Logger

    /// Opens the data folder and reads what is new.
    ///
    /// Cancelling it keeps what was committed so far; the next origin goes on from there. Throws ``OriginError``, and
    /// what the file system throws. What is damaged in the data folder, and files that cannot be read, are logged and
    /// left out.
    ///
    /// - Parameters:
    ///   - configuration: What to serve.
    ///   - logger: Takes what is left out and what fails. Neither tokens nor signatures are logged.
    ///   - onProgress: Called while new and changed files are read.
    public init(
        _ configuration: OriginConfiguration,
        logger: Logger,
        onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
    ) async throws {
        self.configuration = configuration
        self.logger = logger
        services = try await Self.services(configuration, logger)
        if !(try await services.keeper.look(isStart: true, report: onProgress)) {
            // Files that were just written: whether they are finished shows in a while.
            try await Task.sleep(for: .seconds(configuration.settleSeconds))
            try await services.keeper.look(isStart: true, report: onProgress)
        }
        try await logLostUploads()
    }

    /// Repositories that are served.
    public var repositoryCount: Int { services.catalog.repositoryCount }

    /// Files in them.
    public var fileCount: Int { services.catalog.fileCount }

    /// Serves until the task is cancelled or its service group shuts down.
    ///
    /// Calls `onReady` with the port once requests are taken.
    public func run(onReady: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await services.keeper.watch(every: configuration.scanInterval) }
            try await serve(onReady)
            group.cancelAll()
        }
    }

    /// Has the folder looked at now; returns at once.
    public func rescan() {
        services.bell.ring()
    }

    /// Looks at the folder; `false` if a file looks unfinished.
    @discardableResult
    func look() async throws -> Bool { try await services.keeper.look() }

    /// What a repository holds.
    func snapshot(_ repository: Repository) -> RepositorySnapshot? { services.catalog.snapshot(repository) }

    private func serve(_ onReady: @escaping @Sendable (Int) async -> Void) async throws {
        try await application.run(onReady: onReady)
    }

    /// Answers requests without a connection.
    var responder: some HTTPResponder<OriginContext> { application.responder }

    private var application: ServerApplication<OriginRoutes, OriginWatch> {
        ServerApplication(
            configuration.server,
            routes: OriginRoutes(
                services,
                publicURL: configuration.publicURL,
                isSecure: configuration.server.tls != nil,
                logger: logger
            ),
            watcher: OriginWatch(),
            metrics: RequestMetrics(MetricsRegistry()),
            logger: logger
        )
    }

    private static func services(_ configuration: OriginConfiguration, _ logger: Logger) async throws -> OriginServices
    {
        // Absolute, so that the catalogue means the same whatever the working directory.
        let folder = FilePath(URL(filePath: configuration.folder).resolvingSymlinksInPath().path)
        guard try await FileSystem.shared.info(forFileAt: folder)?.type == .directory else {
            throw OriginError.noFolder(path: configuration.folder)
        }
        let data = FilePath(configuration.dataFolder)
        try await FileSystem.shared.createDirectory(at: data, withIntermediateDirectories: true, permissions: nil)
        let lock = try await lock(data)
        let layout = StoreLayout(root: data)
        let bell = Bell()
        let xorbs = try await DiskXorbStore.open(layout) { damage in
            log(damage, logger)
            // Files of the folder that need it are read again.
            bell.ring()
        }
        let shards = try await DiskShardStore.open(layout, xorbs: xorbs, now: configuration.now)
        for damage in xorbs.damages + shards.damages {
            log(damage, logger)
        }
        let catalog = Catalog()
        return OriginServices(
            catalog: catalog,
            keeper: CatalogKeeper(
                scan: FolderScan(root: folder, logger: logger),
                ingest: Ingest(xorbs: xorbs, shards: shards, threshold: configuration.threshold),
                catalog: catalog,
                xorbs: xorbs,
                file: await catalogFile(data.appending("catalog.json"), root: folder, logger),
                settleSeconds: configuration.settleSeconds,
                now: configuration.now,
                bell: bell,
                logger: logger
            ),
            bell: bell,
            ledger: try await UploadLedger.open(data.appending("uploads.txt")),
            rules: configuration.rules,
            signer: Signer(key: try await SigningKey.load(data.appending("signing-key"))),
            xorbs: xorbs,
            shards: shards,
            layout: layout,
            lock: lock,
            tokenLifetime: configuration.tokenLifetime,
            addressLifetime: configuration.addressLifetime,
            now: configuration.now
        )
    }

    private static func log(_ damage: StoreDamage, _ logger: Logger) {
        logger.error(
            "damaged in the data folder",
            metadata: ["path": "\(damage.path)", "reason": "\(damage.reason)"]
        )
    }

    private static func lock(_ data: FilePath) async throws -> FolderLock {
        do {
            return try await FolderLock.take(data)
        } catch FolderLockError.isHeld {
            throw OriginError.dataFolderInUse(path: data.string)
        }
    }

    private static func catalogFile(_ path: FilePath, root: FilePath, _ logger: Logger) async -> CatalogFile {
        var file = CatalogFile(path: path, root: root)
        do {
            try await file.load()
        } catch {
            // Everything in it can be found again by reading the files.
            logger.warning("the catalogue cannot be read, so all files are", metadata: ["error": "\(error)"])
        }
        return file
    }

    /// Says which uploads cannot be served because something of them is missing: nothing here can bring them back.
    private func logLostUploads() async throws {
        for (file, xorb) in try await services.shards.incompleteFiles().prefix(1000) {
            for repository in services.ledger.repositories(of: file) {
                logger.error(
                    "an uploaded file cannot be served, since a xorb of it is missing",
                    metadata: ["repository": "\(repository)", "file": "\(file)", "xorb": "\(xorb)"]
                )
            }
        }
        for (repository, file) in services.ledger.lost(from: services.shards) {
            logger.error(
                "an uploaded file cannot be served, since its shard is missing",
                metadata: ["repository": "\(repository)", "file": "\(file)"]
            )
        }
    }
}
