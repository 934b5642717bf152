import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
import XetClient
import XetCore
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
    /// `onReady` gets the port once it is bound. Throws when it cannot be.
    public func run(onReady: @escaping @Sendable (_ port: Int) async -> Void = { _ in }) async throws {
        let application = Application(
            responder: responder(),
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

    private func responder() -> ProxyResponder {
        let services = EndpointServices(
            configuration,
            upstream: upstream,
            now: { UInt64(max(0, Date().timeIntervalSince1970)) }
        )
        return ProxyResponder(
            index: IndexPage(version: XetVersion.current, hub: upstream.hub.endpoint.origin.description),
            health: HealthRoute(version: XetVersion.current),
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
            endpoint: EndpointRoute(services)
        )
    }
}
