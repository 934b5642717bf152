import ArgumentParser
import NIOCore
import Synchronization
import XetAccess
import XetCache
import XetClient
import XetCore
import XetLocal
import XetServer
import XetSharing
import _NIOFileSystem

/// The cache of a proxy while that runs: a folder or memory, and in front of the data hosts a store that proxies share.
struct OpenCache: Sendable {
    /// Longest wait at the end for what is still to be written into the store.
    private static let longestFinish = Duration.seconds(10)

    /// What readers ask.
    let site: any SiteCache
    /// Takes note of how the download of a whole file ended.
    let noteVerdict: @Sendable (FileHash, _ byteCount: UInt64, _ isRight: Bool) async -> Void
    /// What the Hub has answered; `nil` if that is not kept.
    let archive: DiskHubArchive?
    private let runChunks: @Sendable () async -> Void
    private let disk: DiskChunkStore?
    private let shared: SharedBlocks?
    private let bundles: ImportedBundles?
    private let isOffline: Bool

    /// Opens what the configuration names, if it names a cache.
    static func open(
        _ configuration: Assembly.Configuration,
        _ http: UpstreamHTTP,
        _ store: OpenStore?,
        _ metrics: MetricsRegistry
    ) async throws -> OpenCache? {
        guard let cache = configuration.cache else { return nil }
        let events = CacheMetrics(metrics) { Descriptor.standardError.print("xet: \($0)") }
        let cdn = CDNClient(http: http)
        let isOffline = configuration.http.isOffline
        switch cache.place {
        case .folder(let folder):
            let disk = try await openDisk(folder, cache.byteLimit, events, metrics)
            let archive = await openArchive(FilePath(folder), limit: disk.byteLimit, metrics)
            return OpenCache(cdn, disk, archive, disk, store, isOffline, events, metrics)
        case .memory:
            let memory = MemoryCacheStore(byteLimit: cache.byteLimit ?? Assembly.Cache.memoryByteCount)
            observe(memory, metrics)
            let archive = isOffline ? try archiveInMemory(metrics) : nil
            return OpenCache(cdn, memory, archive, nil, store, isOffline, events, metrics)
        }
    }

    private init(
        _ cdn: CDNClient,
        _ kept: some ChunkStore & TermStore,
        _ archive: DiskHubArchive?,
        _ disk: DiskChunkStore?,
        _ store: OpenStore?,
        _ isOffline: Bool,
        _ events: CacheMetrics,
        _ metrics: MetricsRegistry
    ) {
        self.disk = disk
        self.isOffline = isOffline
        self.archive = archive
        guard let store else {
            (shared, bundles) = (nil, nil)
            (site, noteVerdict, runChunks) = Self.parts(ChunkCache(cdn, store: kept, events: events))
            return
        }
        let storeMetrics = SharedStoreMetrics(metrics) { Descriptor.standardError.print("xet: \($0)") }
        let blocks = SharedBlocks(
            store.objects,
            area: store.area,
            kept: kept,
            isOffline: isOffline,
            events: storeMetrics
        )
        metrics.observe("xet_store_queued", .gauge) { Double(blocks.waitingCount) }
        metrics.observe("xet_store_available", .gauge) { storeMetrics.isAvailable ? 1 : 0 }
        shared = blocks
        let told = ToldFailures("what was imported into the store cannot be taken over")
        // Where the Hub is asked, what it says now counts: a bundle would show what has become private since.
        let bundles = ImportedBundles(blocks, archive: isOffline ? archive : nil, onFailure: told.note)
        metrics.observe("xet_store_bundles", .gauge) { Double(bundles.count) }
        self.bundles = bundles
        let source = SharedXorbSource(cdn, blocks)
        (site, noteVerdict, runChunks) = Self.parts(
            ChunkCache(
                source,
                store: kept,
                imported: isOffline ? SharedImports(blocks) : nil,
                events: DoubtingEvents(events, blocks)
            )
        )
    }

    private static func parts<Upstream, Store>(
        _ chunks: ChunkCache<Upstream, Store>
    ) -> (
        any SiteCache, @Sendable (FileHash, UInt64, Bool) async -> Void, @Sendable () async -> Void
    ) {
        (chunks, { await chunks.note($0, byteCount: $1, isRight: $2) }, { await chunks.run() })
    }

    private static func openDisk(
        _ folder: String,
        _ byteLimit: Int?,
        _ events: CacheMetrics,
        _ metrics: MetricsRegistry
    ) async throws -> DiskChunkStore {
        let time: @Sendable () -> Int64 = { Int64(clamping: Assembly.time()) }
        let store: DiskChunkStore
        do {
            store = try await DiskChunkStore.open(FilePath(folder), byteLimit: byteLimit, events: events, time: time)
        } catch let error where !(error is CancellationError) {
            let reason = (error as? FileSystemError).map(CommandFailure.text) ?? "\(error)"
            CommandFailure.print("cannot use the cache \(folder): \(reason)")
            throw ExitCode.failure
        }
        observe(store, metrics)
        metrics.observe("xet_cache_provisional_bytes", .gauge) { Double(store.provisionalByteCount) }
        metrics.observe("xet_cache_oldest_seconds", .gauge) {
            store.oldest.map { Double(max(0, time() - $0)) }
        }
        metrics.observe("xet_cache_runs", .gauge) { Double(store.runCount) }
        return store
    }

    /// Opens what the Hub has answered, in the folder of a cache that is open.
    ///
    /// Without it everything works as long as the Hub does.
    private static func openArchive(
        _ folder: FilePath,
        limit: Int,
        _ metrics: MetricsRegistry
    ) async -> DiskHubArchive? {
        do {
            let archive = try await DiskHubArchive.open(
                folder.appending(archiveName),
                byteLimit: min(DiskHubArchive.usualByteLimit, limit / 8),
                time: { Int64(clamping: Assembly.time()) },
                key: newArchiveKey,
                onLoss: {
                    Descriptor.standardError.print(
                        "xet: what the Hub has answered is forgotten, since it cannot be used: \($0)"
                    )
                },
                onFailure: ToldFailures(archiveFailure).note
            )
            observe(archive, metrics)
            return archive
        } catch {
            let reason = (error as? FileSystemError).map(CommandFailure.text) ?? "\(error)"
            Descriptor.standardError.print("xet: what the Hub answers is not kept: \(reason)")
            return nil
        }
    }

    /// Begins an archive for what was imported into a store, where there is no folder.
    private static func archiveInMemory(_ metrics: MetricsRegistry) throws -> DiskHubArchive {
        let archive = try DiskHubArchive.inMemory(
            byteLimit: memoryArchiveByteCount,
            time: { Int64(clamping: Assembly.time()) },
            key: newArchiveKey,
            onFailure: ToldFailures(archiveFailure).note
        )
        observe(archive, metrics)
        return archive
    }

    private static func observe(_ archive: DiskHubArchive, _ metrics: MetricsRegistry) {
        metrics.observe("xet_hub_archive_bytes", .gauge) { Double(archive.size.bytes) }
        metrics.observe("xet_hub_archive_answers", .gauge) { Double(archive.size.answers) }
    }

    private static func observe(_ store: some ChunkStore, _ metrics: MetricsRegistry) {
        metrics.observe("xet_cache_size_bytes", .gauge) { Double(store.byteCount) }
        metrics.observe("xet_cache_limit_bytes", .gauge) { Double(store.byteLimit) }
    }

    /// Opens the archive of a cache that a command has, without a limit: nothing is dropped for what comes.
    static func archive(of folder: LocalPath) async throws -> DiskHubArchive {
        try await DiskHubArchive.open(
            FilePath(String(decoding: folder.bytes, as: UTF8.self)).appending(archiveName),
            byteLimit: .max,
            time: { Int64(clamping: Assembly.time()) },
            key: newArchiveKey,
            onLoss: {
                CommandFailure.print("what the Hub has answered is forgotten, since it cannot be used: \($0)")
            },
            onFailure: { _ in }
        )
    }

    /// The archive's file in the folder of a cache.
    private static let archiveName = "hub.sqlite"
    private static let archiveFailure = "what the Hub answers cannot be kept or read"
    /// Most bytes of answers where there is no folder.
    private static let memoryArchiveByteCount = 128 << 20

    private static func newArchiveKey() -> [UInt8] { (0..<32).map { _ in UInt8.random(in: 0...255) } }

    /// Runs `body`, and beside it what the cache does in the background.
    static func running<Value: Sendable>(_ cache: OpenCache?, _ body: () async throws -> Value) async throws -> Value {
        guard let cache else { return try await body() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await cache.runChunks() }
            if let shared = cache.shared { group.addTask { await shared.run() } }
            if let bundles = cache.bundles {
                // Whoever comes first is to find what is there, if that is all there is.
                if cache.isOffline, await bundles.update(), bundles.count == 0 {
                    Descriptor.standardError.print(
                        "xet: in the store is no bundle yet that was imported with this signing key"
                    )
                }
                group.addTask { await bundles.run() }
            }
            if let disk = cache.disk {
                group.addTask {
                    // What cannot be removed now takes space until the next start.
                    try? await disk.removeOrphans()
                }
            }
            let result: Result<Value, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            await cache.finishWriting()
            group.cancelAll()
            try await group.waitForAll()
            await cache.disk?.close()
            return try result.get()
        }
    }

    /// Waits for what other proxies may be waiting for, a while.
    private func finishWriting() async {
        guard let shared else { return }
        await withTaskGroup { group in
            group.addTask { try? await shared.finish() }
            group.addTask { try? await Task.sleep(for: Self.longestFinish) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Tells the operator once what fails, however often it does.
private final class ToldFailures: Sendable {
    private let what: String
    private let isKnown = Mutex(false)

    init(_ what: String) {
        self.what = what
    }

    @Sendable func note(_ error: any Error) {
        let isNew = isKnown.withLock { isKnown in
            defer { isKnown = true }
            return !isKnown
        }
        if isNew { Descriptor.standardError.print("xet: \(what): \(error)") }
    }
}
