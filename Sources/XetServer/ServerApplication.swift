package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// A server: connections, TLS, HTTP/2, limits, logs, metrics and an orderly end around some routes.
package struct ServerApplication<Routes: ServerRoutes, Watcher: RequestWatcher>: Sendable
where Watcher.Context == Routes.Context {
    private let configuration: ServerConfiguration
    private let routes: Routes
    private let watcher: Watcher
    private let metrics: RequestMetrics
    private let logger: Logger

    package init(
        _ configuration: ServerConfiguration,
        routes: Routes,
        watcher: Watcher,
        metrics: RequestMetrics,
        logger: Logger
    ) {
        self.configuration = configuration
        self.routes = routes
        self.watcher = watcher
        self.metrics = metrics
        self.logger = logger
    }

    /// Serves until the task is cancelled or the process is told to stop.
    ///
    /// Told to stop by a graceful shutdown, it takes no new connections, and answers that run have as long as the
    /// configuration says; those that are left then are cut off. `onReady` gets the port once it is bound. Throws when it
    /// cannot be, and ``TLSFilesError`` when certificate or key cannot be used.
    package func run(onReady: @escaping @Sendable (_ port: Int) async -> Void = { _ in }) async throws {
        let certificate = try configuration.tls.map { try ServerCertificate($0) }
        let connections = OpenConnections()
        let application = Application(
            responder: responder,
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

    /// What answers requests; for tests that need no connection.
    package var responder: some HTTPResponder<Routes.Context> {
        let metrics = metrics
        return ServerResponder(
            routes: routes,
            observer: RequestObserver(watcher, metrics: metrics, logger: logger),
            bodyLimit: RequestBodyLimit(
                byteCount: configuration.limits.bodyByteCount,
                onRefusal: { metrics.noteRejection("body_size") }
            )
        )
    }

    private func server(_ certificate: ServerCertificate?, _ connections: OpenConnections) -> HTTPServerBuilder {
        let metrics = metrics
        let logger = logger
        let events = ServerChannel.Events(
            onSlowClient: {
                metrics.noteSlowClient()
                logger.notice("a client took too little of its answer and was cut off")
            },
            onRefusal: { refusal in
                metrics.noteRejection(refusal.status == .requestHeaderFieldsTooLarge ? "header_size" : "malformed")
                logger.info("what is no request was refused", metadata: ["cause": "\(refusal.message)"])
            },
            onFull: { metrics.noteRejection("connections") }
        )
        let opening: ServerChannel.Opening =
            if let certificate { .tls(certificate) } else {
                configuration.allowsCleartextHTTP2 ? .eitherVersion : .http1
            }
        return HTTPServerBuilder { [limits = configuration.limits] responder in
            ServerChannel(opening, limits: limits, connections: connections, events: events, responder: responder)
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
}
