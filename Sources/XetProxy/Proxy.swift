import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import ServiceLifecycle
import XetClient
import XetCore
import XetDownload
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
        let certificate = try configuration.tls.map { try ServerCertificate($0) }
        let connections = OpenConnections()
        let application = Application(
            responder: responder(),
            server: server(certificate, connections),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "xet"
            ),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await application.run()
                return true
            }
            group.addTask {
                try await drain(connections).run { try await gracefulShutdown() }
                return false
            }
            if let certificate {
                group.addTask {
                    try await certificate.watch(clock: ContinuousClock(), logger: logger)
                    return false
                }
            }
            while let isOver = try await group.next(), !isOver {}
            group.cancelAll()
        }
    }

    private func server(_ certificate: ServerCertificate?, _ connections: OpenConnections) -> HTTPServerBuilder {
        let metrics = RequestMetrics(upstream.metrics)
        let logger = logger
        let events = ProxyChannel.Events(
            onSlowClient: {
                metrics.noteSlowClient()
                logger.notice("a client took too little of its answer and was cut off")
            },
            onHeaderOverflow: { metrics.noteRejection("header_size") }
        )
        let opening: ProxyChannel.Opening =
            if let certificate { .tls(certificate) } else {
                configuration.allowsCleartextHTTP2 ? .eitherVersion : .http1
            }
        return HTTPServerBuilder { [limits = configuration.limits] responder in
            ProxyChannel(opening, limits: limits, connections: connections, events: events, responder: responder)
        }
    }

    private func drain(_ connections: OpenConnections) -> Drain<ContinuousClock> {
        let logger = logger
        return Drain(
            timeout: configuration.drainTimeout,
            clock: ContinuousClock(),
            onBegin: {
                connections.drain()
                logger.notice("stopping", metadata: ["connections": "\(connections.count)"])
            },
            onTimeout: {
                let count = connections.abort()
                logger.warning("running answers were cut off", metadata: ["connections": "\(count)"])
            }
        )
    }

    private func responder() -> ProxyResponder {
        let services = EndpointServices(
            configuration,
            upstream: upstream,
            now: { UInt64(max(0, Date().timeIntervalSince1970)) }
        )
        let metrics = RequestMetrics(upstream.metrics)
        let book = TransferBook()
        let hub = HubProbe(upstream.hub)
        observe(book, hub)
        return ProxyResponder(
            status: StatusRoutes(
                StatusSource(
                    version: XetVersion.current,
                    hub: upstream.hub.endpoint.origin.description,
                    book: book,
                    now: services.now
                ),
                publicAddress: services.publicAddress,
                hasUI: configuration.hasUI,
                allowAnonymous: configuration.allowAnonymous
            ),
            health: HealthRoute(version: XetVersion.current),
            live: LiveRoute(),
            ready: ReadyRoute(hub: hub, isDraining: { Task.isShuttingDownGracefully }),
            metrics: MetricsRoute(registry: upstream.metrics),
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
            observer: RequestObserver(metrics: metrics, book: book, logger: logger),
            limits: RequestLimits(
                configuration.limits,
                settings: configuration.settings,
                onRefusal: { metrics.noteRejection($0) }
            )
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
            start: UInt64(max(0, Date().timeIntervalSince1970))
        )
    }
}
