public import Logging
import ServiceLifecycle
import XetClient
import XetCore
import XetDownload
import XetServer
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The HTTP server that rebuilds files for plain HTTP clients, and that XET clients may take for a Hub.
public struct Proxy: Sendable {
    private let configuration: ProxyConfiguration
    private let upstream: Upstream
    private let logger: Logger

    /// A proxy over `upstream`.
    public init(_ configuration: ProxyConfiguration, upstream: Upstream, logger: Logger) {
        self.configuration = configuration
        self.upstream = upstream
        self.logger = logger
    }

    /// Serves until the task is cancelled or the process is told to stop.
    ///
    /// Told to stop by a graceful shutdown, it takes no new connections, and answers that run have as long as the
    /// configuration says; those that are left then are cut off. `onReady` gets the port once it is bound. Throws when it
    /// cannot be, and ``TLSFilesError`` when certificate or key cannot be used.
    public func run(onReady: @escaping @Sendable (_ port: Int) async -> Void = { _ in }) async throws {
        let book = TransferBook()
        let savings = SavingsBook(now: Self.now)
        let metrics = RequestMetrics(upstream.metrics)
        let application = ServerApplication(
            configuration.server,
            routes: routes(book, savings, metrics),
            watcher: TransferWatch(book, savings, configuration.settings, metrics: upstream.metrics),
            metrics: metrics,
            logger: logger
        )
        try await application.run(onReady: onReady)
    }

    private static let now: @Sendable () -> UInt64 = { UInt64(max(0, Date().timeIntervalSince1970)) }

    private func routes(_ book: TransferBook, _ savings: SavingsBook, _ metrics: RequestMetrics) -> ProxyRoutes {
        let services = EndpointServices(configuration, upstream: upstream, now: Self.now)
        let hub = HubProbe(upstream.hub)
        let operators = OperatorAccess(configuration.operatorToken)
        observe(book, hub)
        return ProxyRoutes(
            status: StatusRoutes(
                StatusSource(
                    version: XetVersion.current,
                    hub: upstream.hub.endpoint.origin.description,
                    book: book,
                    savings: savings,
                    publics: PublicRepositories { [upstream] in await upstream.isPublic($0) },
                    operators: operators,
                    cache: upstream.cache,
                    isOffline: upstream.isOffline,
                    now: services.now
                ),
                publicAddress: services.publicAddress,
                hasUI: configuration.hasUI,
                allowAnonymous: configuration.allowAnonymous
            ),
            health: HealthRoute(version: XetVersion.current, isOffline: upstream.isOffline),
            live: LiveRoute(),
            ready: ReadyRoute(hub: upstream.isOffline ? nil : hub, isDraining: { Task.isShuttingDownGracefully }),
            metrics: MetricsRoute(upstream.metrics),
            download: DownloadRoute(
                upstream: upstream,
                allowAnonymous: configuration.allowAnonymous,
                rules: services.rules
            ),
            downloadHash: DownloadHashRoute(
                upstream: upstream,
                allowAnonymous: configuration.allowAnonymous,
                defaultRepository: configuration.tokenRepository,
                rules: services.rules
            ),
            endpoint: EndpointRoute(services),
            limits: RequestLimits(
                configuration.limits,
                settings: configuration.settings,
                onRefusal: { metrics.noteRejection($0) }
            ),
            crossOrigin: CrossOrigin(
                allowAnonymous: configuration.allowAnonymous,
                allowWrites: configuration.allowWrites
            ),
            operators: operators
        )
    }

    /// Adds what is read when somebody asks for all metrics.
    private func observe(_ book: TransferBook, _ hub: HubProbe) {
        let registry = upstream.metrics
        let budget = upstream.downloader.budget
        registry.observe("xet_in_flight_streams", .gauge) { Double(book.liveCount) }
        registry.observe("xet_buffered_bytes", .gauge) { Double(budget.reservedByteCount) }
        registry.observe("xet_hub_up", .gauge) { hub.last.map { $0 ? 1 : 0 } }
        ProcessMetrics.register(
            in: registry,
            version: XetVersion.current,
            start: Self.now()
        )
    }
}
