import ArgumentParser
import NIOCore
import XetAccess
import XetCache
import XetClient
import XetServer
import _NIOFileSystem

/// The cache of a proxy while that runs.
struct OpenCache: Sendable {
    let chunks: ChunkCache<CDNClient, DiskChunkStore>
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
        return OpenCache(chunks: ChunkCache(CDNClient(http: http), store: store, events: events), store: store)
    }

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
