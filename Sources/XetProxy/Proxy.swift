import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
import XetClient
import XetCore
import XetWire

/// The HTTP server that rebuilds files for plain HTTP clients.
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
    /// `onReady` gets the port once it is bound. Throws when it cannot be.
    public func run(onReady: @escaping @Sendable (_ port: Int) async -> Void = { _ in }) async throws {
        let application = Application(
            router: router(),
            server: .http1(configuration: .init(additionalChannelHandlers: [ClientDepartureHandler()])),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "xet"
            ),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        try await application.run()
    }

    private func router() -> Router<ProxyContext> {
        let router = Router(context: ProxyContext.self)
        let index = IndexPage(version: XetVersion.current, hub: upstream.hub.endpoint.origin.description)
        let health = HealthRoute(version: XetVersion.current)
        let download = DownloadRoute(upstream: upstream, allowAnonymous: configuration.allowAnonymous)
        let downloadHash = DownloadHashRoute(
            upstream: upstream,
            allowAnonymous: configuration.allowAnonymous,
            defaultRepository: configuration.tokenRepository
        )
        router.add(middleware: ErrorMiddleware())
        router.get("/") { request, _ in index.respond(request) }
        router.get("/health") { _, _ in health.respond() }
        for method in [HTTPRequest.Method.get, .head] {
            router.on("/download/**", method: method) { request, context in
                try await context.departure().cancelling { try await download.respond(request, context) }
            }
            router.on("/download-hash/**", method: method) { request, context in
                try await context.departure().cancelling { try await downloadHash.respond(request, context) }
            }
        }
        return router
    }
}
