import ArgumentParser
import NIOCore
import Synchronization
import XetAccess
import XetCache
import XetClient
import XetLocal
import XetServer
import _NIOFileSystem

/// The cache of a proxy while that runs.
struct OpenCache: Sendable {
    let chunks: ChunkCache<CDNClient, DiskChunkStore>
    /// What the Hub has answered; `nil` if that cannot be kept.
    let archive: DiskHubArchive?
    private let store: DiskChunkStore

    /// Opens what the configuration names, if it names a cache.
    static func open(
        _ configuration: Assembly.Configuration,
        _ http: UpstreamHTTP,
        _ metrics: MetricsRegistry
    ) async throws -> OpenCache? {
        guard let cache = configuration.cache else { return nil }
        let events = CacheMetrics(metrics) { Descriptor.standardError.print("xet: \($0)") }
        let time: @Sendable () -> Int64 = { Int64(clamping: Assembly.time()) }
        let store: DiskChunkStore
        do {
            store = try await DiskChunkStore.open(
                FilePath(cache.folder),
                byteLimit: cache.byteLimit,
                events: events,
                time: time
            )
        } catch let error where !(error is CancellationError) {
            let reason = (error as? FileSystemError).map(CommandFailure.text) ?? "\(error)"
            CommandFailure.print("cannot use the cache \(cache.folder): \(reason)")
            throw ExitCode.failure
        }
        metrics.observe("xet_cache_size_bytes", .gauge) { Double(store.byteCount) }
        metrics.observe("xet_cache_limit_bytes", .gauge) { Double(store.byteLimit) }
        metrics.observe("xet_cache_provisional_bytes", .gauge) { Double(store.provisionalByteCount) }
        metrics.observe("xet_cache_oldest_seconds", .gauge) {
            store.oldest.map { Double(max(0, time() - $0)) }
        }
        metrics.observe("xet_cache_runs", .gauge) { Double(store.runCount) }
        let archive = await openArchive(FilePath(cache.folder), limit: store.byteLimit, time)
        if let archive {
            metrics.observe("xet_hub_archive_bytes", .gauge) { Double(archive.size.bytes) }
            metrics.observe("xet_hub_archive_answers", .gauge) { Double(archive.size.answers) }
        }
        return OpenCache(
            chunks: ChunkCache(CDNClient(http: http), store: store, events: events),
            archive: archive,
            store: store
        )
    }

    /// Opens what the Hub has answered, in the folder of a cache that is open.
    ///
    /// Without it everything works as long as the Hub does.
    private static func openArchive(
        _ folder: FilePath,
        limit: Int,
        _ time: @escaping @Sendable () -> Int64
    ) async -> DiskHubArchive? {
        do {
            return try await DiskHubArchive.open(
                folder.appending(archiveName),
                byteLimit: min(DiskHubArchive.usualByteLimit, limit / 8),
                time: time,
                key: newArchiveKey,
                onLoss: {
                    Descriptor.standardError.print(
                        "xet: what the Hub has answered is forgotten, since it cannot be used: \($0)"
                    )
                },
                onFailure: ArchiveFailures().note
            )
        } catch {
            let reason = (error as? FileSystemError).map(CommandFailure.text) ?? "\(error)"
            Descriptor.standardError.print("xet: what the Hub answers is not kept: \(reason)")
            return nil
        }
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

    private static func newArchiveKey() -> [UInt8] { (0..<32).map { _ in UInt8.random(in: 0...255) } }

    /// Runs `body`, and beside it what the cache does in the background.
    static func running<Value: Sendable>(_ cache: OpenCache?, _ body: () async throws -> Value) async throws -> Value {
        guard let cache else { return try await body() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await cache.chunks.run() }
            group.addTask {
                // What cannot be removed now takes space until the next start.
                try? await cache.store.removeOrphans()
            }
            let result: Result<Value, any Error>
            do {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            try await group.waitForAll()
            await cache.store.close()
            return try result.get()
        }
    }
}

/// Tells the operator once that an archive fails, however often it does.
private final class ArchiveFailures: Sendable {
    private let isKnown = Mutex(false)

    @Sendable func note(_ error: any Error) {
        let isNew = isKnown.withLock { isKnown in
            defer { isKnown = true }
            return !isKnown
        }
        if isNew { Descriptor.standardError.print("xet: what the Hub answers cannot be kept or read: \(error)") }
    }
}
