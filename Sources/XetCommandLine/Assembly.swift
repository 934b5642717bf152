import ArgumentParser
import CMemory
import FoundationEssentials
import NIOCore
import XetAccess
import XetCache
import XetClient
import XetCore
import XetDownload
import XetLocal
import XetObjects
import XetProxy
import XetServer
import XetWire

/// The one place where the parts are put together.
struct Assembly: Sendable {
    /// What the parts need to know.
    struct Configuration: Sendable {
        var hub: HTTPAddress
        /// Gets each address that the Hub redirects to, and throws if that may not be asked.
        var onRedirect: @Sendable (HTTPAddress) throws -> Void = { _ in }
        var bufferByteCount = 256 << 20
        var http = UpstreamHTTP.Configuration()
        var download = FileDownloader.Configuration()
        /// When requests of a download that has begun are repeated.
        var bodyRetry = RetryPolicy.outlasting()
        /// How long answers of the Hub are remembered; not at all if `nil`.
        var leases: HubLeases.Configuration?
        /// Where chunks are kept; nowhere if `nil`.
        var cache: Cache?
    }

    /// Where chunks are kept.
    struct Cache: Sendable {
        enum Place: Hashable, Sendable {
            case folder(String)
            case memory
        }

        /// Bytes of a file that readers ask for at once, each for the same.
        static let gridByteCount = 8 << 20
        /// What is kept where there is no folder, unless it is said: what is fetched has to stay until it is in the store.
        static let memoryByteCount = 256 << 20

        let place: Place
        /// Most bytes; if `nil`, most of what is free in the folder, or ``memoryByteCount``.
        let byteLimit: Int?
        /// What proxies share; nothing if `nil`.
        let store: SharedStore?
    }

    /// A store that proxies share.
    struct SharedStore: Sendable {
        let settings: ObjectStoreSettings
        /// What proxies have in common that share it.
        let secret: [UInt8]?
    }

    /// Unix seconds.
    static let time: @Sendable () -> UInt64 = { UInt64(max(0, Date().timeIntervalSince1970)) }

    let hub: HubClient
    let tokens: TokenCache
    let cas: CASClient
    let downloader: FileDownloader
    /// For the bodies of files that are not in XET.
    let bodyRetry: RetryPolicy
    /// What all parts count in.
    let metrics: MetricsRegistry
    private let writes: UpstreamHTTP
    private let cache: OpenCache?
    private let leases: HubLeases?

    private init(
        _ configuration: Configuration,
        http: UpstreamHTTP,
        writes: UpstreamHTTP,
        cache: OpenCache?,
        metrics: MetricsRegistry
    ) {
        self.writes = writes
        self.cache = cache
        self.metrics = metrics
        bodyRetry = configuration.bodyRetry
        let record = cache?.archive.map {
            HubRecord($0, key: $0.callerKey, hub: configuration.hub, time: Self.time)
        }
        leases = configuration.leases.map {
            HubLeases($0, hub: configuration.hub, record: record, metrics: metrics, time: Self.time)
        }
        hub = HubClient(endpoint: configuration.hub, http: http, onRedirect: configuration.onRedirect)
        tokens = TokenCache(hub, now: Self.time)
        // A client waits for the first reconstruction, so not for long.
        let casRetry = RetryPolicy(maximumDuration: .seconds(15))
        cas = CASClient(http: http, tokens: tokens, retry: casRetry)
        downloader = FileDownloader(
            xorbs: cache?.site.source ?? CDNClient(http: http),
            budget: FetchBudget(byteCount: configuration.bufferByteCount, onIdle: cmemory_return_free),
            configuration: configuration.download
        )
    }

    /// Runs `body` with the parts, and closes their connections afterwards.
    static func with<Value: Sendable>(
        _ configuration: Configuration,
        _ body: (Assembly) async throws -> Value
    ) async throws -> Value {
        var configuration = configuration
        configuration.http.hub = configuration.hub.origin
        configuration.http.userAgent = "xet/\(XetVersion.current)"
        let metrics = MetricsRegistry(help: MetricHelp.text)
        configuration.http.metricsFactory = metrics
        configuration.download.metrics = DownloadMetrics(metrics)
        configuration.download.retry = configuration.bodyRetry
        // Whoever delivers may run where a connection does.
        configuration.download.workers = globalConcurrentExecutor
        let http = UpstreamHTTP(configuration.http)
        // A server that has got an upload checks it before it answers.
        configuration.http.readTimeout = .minutes(5)
        let writes = UpstreamHTTP(configuration.http)
        var store: OpenStore?
        do {
            store = try await openStore(configuration)
            let cache = try await OpenCache.open(configuration, http, store, metrics)
            if let cache {
                configuration.download.gridByteCount = Cache.gridByteCount
                configuration.download.onVerdict = { await cache.noteVerdict($0, $1, $2) }
            }
            let parts = Assembly(configuration, http: http, writes: writes, cache: cache, metrics: metrics)
            let value = try await OpenCache.running(cache) { try await body(parts) }
            await store?.close()
            try await http.shutdown()
            try await writes.shutdown()
            return value
        } catch {
            await store?.close()
            try? await http.shutdown()
            try? await writes.shutdown()
            throw error
        }
    }

    /// Opens the store that the configuration names, if it names one.
    private static func openStore(_ configuration: Configuration) async throws -> OpenStore? {
        guard let store = configuration.cache?.store else { return nil }
        do {
            return try await OpenStore(
                store,
                configuration.http,
                wait: configuration.http.isOffline ? .patient : .brief
            )
        } catch let error as ObjectStoreError {
            CommandFailure.print("cannot use the store \(store.settings.location): \(error)")
            throw ExitCode.failure
        }
    }

    /// What downloads to disk and uploads need.
    var local: HubParts {
        HubParts(hub: hub, cas: cas, downloader: downloader, writes: writes, bodyRetry: bodyRetry)
    }

    /// Most bytes of the cache; `nil` without one.
    var cacheByteLimit: Int? { cache?.site.size.limit }

    /// What the proxy's routes need.
    var upstream: Upstream {
        Upstream(
            hub: hub,
            tokens: tokens,
            cas: cas,
            downloader: downloader,
            bodyRetry: bodyRetry,
            cache: cache?.site,
            leases: leases,
            writes: writes,
            metrics: metrics
        )
    }
}
