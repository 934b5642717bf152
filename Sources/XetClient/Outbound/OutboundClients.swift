import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import XetAccess
import XetWire

/// The clients that requests leave through: directly, or through a proxy.
struct OutboundClients: Sendable {
    /// How a request gets to its origin.
    struct Route {
        /// The client to use.
        let client: HTTPClient
        /// The URL to give it.
        let url: String
        /// The Host header to give it, if it is not the URL's.
        var host: String?
        /// The proxy that the client goes through.
        var proxy: OutboundProxy?
    }

    /// For origins that are asked wherever they are.
    private let direct: HTTPClient
    /// For all others: looks at the address of each connection before anything is sent.
    private let checked: HTTPClient
    /// Asks the `http` proxy for whole URLs.
    private let forward: HTTPClient?
    /// Asks the `https` proxy for tunnels.
    private let tunnel: HTTPClient?
    private let proxies: OutboundProxies
    private let policy: AddressPolicy

    /// All have the same settings but for the proxy; `areBulk` says whether they are for the bytes of files.
    init(
        _ configuration: UpstreamHTTP.Configuration,
        _ policy: AddressPolicy,
        areBulk: Bool,
        group: MultiThreadedEventLoopGroup
    ) {
        proxies = configuration.proxies
        let buffers = ReceiveBuffers(areBulk: areBulk)
        let settings = Self.settings(configuration, buffers)
        self.policy = policy
        let readTimeout = configuration.readTimeout
        var directSettings = settings
        directSettings.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.makeCompletedFuture {
                policy.noteExempt(channel.remoteAddress?.address)
                try Self.prepare(channel, readTimeout, buffers)
            }
        }
        direct = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: directSettings)
        var checkedSettings = settings
        checkedSettings.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.makeCompletedFuture {
                try Self.check(channel, policy)
                try Self.prepare(channel, readTimeout, buffers)
            }
        }
        checked = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: checkedSettings)
        forward = proxies.http.map { proxy in
            var settings = settings
            let authorization = proxy.authorization?.headerValue
            settings.http1_1ConnectionDebugInitializer = { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Self.prepare(channel, configuration.readTimeout, buffers)
                    let pipeline = channel.pipeline.syncOperations
                    let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
                    try pipeline.addHandler(
                        AbsoluteFormHandler(authorization: authorization),
                        position: .after(encoder)
                    )
                }
            }
            return HTTPClient(eventLoopGroupProvider: .shared(group), configuration: settings)
        }
        tunnel = proxies.https.map { proxy in
            var settings = settings
            settings.proxy = .server(
                host: proxy.origin.host,
                port: proxy.origin.port,
                authorization: proxy.authorization
            )
            return HTTPClient(eventLoopGroupProvider: .shared(group), configuration: settings)
        }
    }

    /// The way to an address; past all proxies if `isDirect`.
    ///
    /// Throws `.unreachable` if it is known that the address may not be asked.
    func route(to address: HTTPAddress, isDirect: Bool = false) async throws(XetError) -> Route {
        let isExempt = policy.isExempt(address.origin)
        let proxy = isDirect ? nil : proxies.proxy(for: address.origin)
        let isProxied = proxy != nil
        await policy.locateHub(for: address.origin, isResolvedElsewhere: isProxied)
        try policy.check(address.origin, isResolvedElsewhere: isProxied)
        guard let proxy, let client = address.origin.isSecure ? tunnel : forward
        else { return Route(client: isExempt ? direct : checked, url: address.absolute) }
        if address.origin.isSecure { return Route(client: client, url: address.absolute, proxy: proxy) }
        // The client connects to the proxy; its handler makes the real address of Host and path.
        return Route(
            client: client,
            url: proxy.origin.description + address.target,
            host: address.origin.authority,
            proxy: proxy
        )
    }

    /// Closes all connections.
    func shutdown() async throws {
        let clients = [direct, checked, forward, tunnel].compactMap(\.self)
        var failure: (any Error)?
        for client in clients {
            do {
                try await client.shutdown()
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private static func settings(
        _ configuration: UpstreamHTTP.Configuration,
        _ buffers: ReceiveBuffers
    ) -> HTTPClient.Configuration {
        var settings = HTTPClient.Configuration(
            tlsConfiguration: configuration.trustRoots.tlsConfiguration,
            redirectConfiguration: .disallow,
            timeout: .init(connect: configuration.connectTimeout)
        )
        settings.decompression = .disabled
        // One HTTP/2 connection carries a bulk body at less than half the speed of an HTTP/1.1 one.
        settings.httpVersion = .http1Only
        settings.connectionPool.idleTimeout = min(configuration.readTimeout, .seconds(60))
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.connectionsPerHost
        // Whether a failed connection is worth another try is for the retry policies to say.
        settings.connectionPool.retryConnectionEstablishment = false
        let readTimeout = configuration.readTimeout
        settings.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.makeCompletedFuture { try prepare(channel, readTimeout, buffers) }
        }
        return settings
    }

    /// Throws for a connection that goes where no request may go; nothing has been sent on it but what TLS needs.
    private static func check(_ channel: any Channel, _ policy: AddressPolicy) throws {
        guard let address = channel.remoteAddress?.address else { throw ChannelError.unknownLocalAddress }
        guard policy.permits(address) else {
            // The client has to learn of the failure before it learns of the end of the connection.
            channel.eventLoop.execute { channel.close(promise: nil) }
            throw RefusedAddressError(address: channel.remoteAddress?.ipAddress ?? "")
        }
    }

    /// Gives a new connection what the download path needs.
    private static func prepare(_ channel: any Channel, _ readTimeout: TimeAmount, _ buffers: ReceiveBuffers) throws {
        try buffers.assign(to: channel)
        try channel.pipeline.syncOperations.addHandler(ReadTimeoutHandler(readTimeout), position: .first)
        try AnswerGuard.add(to: channel.pipeline.syncOperations)
    }
}

extension SocketAddress {
    /// The address without its port; `nil` for a socket of another kind.
    fileprivate var address: IPAddress? { ipAddress.flatMap { IPAddress($0) } }
}

extension HTTPAddress.Origin {
    /// Host and port as the Host header has them.
    package var authority: String {
        String(description.dropFirst(isSecure ? "https://".count : "http://".count))
    }
}
