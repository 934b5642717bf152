import Hummingbird
public import Logging
import NIOCore
import XetAccess
import XetCore
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
/// from its content. The folder is read once, before the origin serves. Large files are stored as XET in the data
/// folder, where they stay: another origin over the same folders reads only what is new or has changed.
public struct Origin: Sendable {
    private let configuration: OriginConfiguration
    private let services: OriginServices
    private let logger: Logger

    /// Opens the data folder and reads what is new.
    ///
    /// Cancelling it keeps what was committed so far; the next origin goes on from there. Throws ``OriginError``,
    /// ``IngestError`` when a file changes while it is read, and what the file system throws.
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
        do {
            services = try await Self.services(configuration, logger, onProgress)
        } catch let error as StoreError {
            throw OriginError.damagedData(path: configuration.dataFolder, error)
        }
    }

    /// Repositories that were found.
    public var repositoryCount: Int { services.catalog.repositoryCount }

    /// Files in them.
    public var fileCount: Int { services.catalog.fileCount }

    /// Serves until the task is cancelled or its service group shuts down.
    ///
    /// Calls `onReady` with the port once requests are taken.
    public func run(onReady: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        let application = Application(
            responder: responder,
            configuration: ApplicationConfiguration(address: .hostname(configuration.host, port: configuration.port)),
            onServerRunning: { await onReady($0.localAddress?.port ?? 0) },
            logger: logger
        )
        try await application.run()
    }

    var responder: OriginResponder {
        OriginResponder(services, publicURL: configuration.publicURL, logger: logger)
    }

    private static func services(
        _ configuration: OriginConfiguration,
        _ logger: Logger,
        _ onProgress: @escaping @Sendable (IngestProgress) -> Void
    ) async throws -> OriginServices {
        // Absolute, so that the catalogue means the same whatever the working directory.
        let folder = FilePath(URL(filePath: configuration.folder).resolvingSymlinksInPath().path)
        guard try await FileSystem.shared.info(forFileAt: folder)?.type == .directory else {
            throw OriginError.noFolder(path: configuration.folder)
        }
        let data = FilePath(configuration.dataFolder)
        let layout = StoreLayout(root: data)
        let xorbs = try await DiskXorbStore.open(layout)
        let shards = try await DiskShardStore.open(layout, xorbs: xorbs, now: configuration.now)
        var catalogFile = CatalogFile(path: data.appending("catalog.json"), root: folder)
        do {
            try await catalogFile.load()
        } catch let error as DecodingError {
            // Everything in it can be found again by reading the files.
            logger.warning("the catalogue cannot be read, so all files are", metadata: ["error": "\(error)"])
        }
        let found = try await FolderScan(root: folder, logger: logger).repositories()
        let ingest = Ingest(xorbs: xorbs, shards: shards, threshold: configuration.threshold, report: onProgress)
        return OriginServices(
            catalog: Catalog(try await ingest.snapshots(of: found, &catalogFile)),
            ledger: try await UploadLedger.open(data.appending("uploads.txt")),
            rules: configuration.rules,
            signer: Signer(key: try await SigningKey.load(data.appending("signing-key"))),
            xorbs: xorbs,
            shards: shards,
            tokenLifetime: configuration.tokenLifetime,
            addressLifetime: configuration.addressLifetime,
            now: configuration.now
        )
    }
}
