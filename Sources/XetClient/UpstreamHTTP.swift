import AsyncHTTPClient
import HTTPTypes
import Instrumentation
public import Metrics
public import NIOCore
import NIOHTTP1
public import NIOPosix
import XetAccess
public import XetWire

/// Sends requests to Hub, CAS and CDN; failures become ``XetError``.
public struct UpstreamHTTP: Sendable {
    /// What an operator may choose.
    public struct Configuration: Sendable {
        /// Longest wait for a connection.
        public var connectTimeout: TimeAmount = .seconds(10)
        /// Longest wait for the head of an answer, connection included.
        public var headTimeout: TimeAmount = .seconds(10)
        /// Longest silence while bytes are asked for; a reader that does not ask is not timed.
        public var readTimeout: TimeAmount = .seconds(30)
        /// Most connections to one host.
        public var connectionsPerHost = 1 << 15
        /// Sent as `User-Agent`, unless a request has its own.
        public var userAgent = "xet"
        /// Which requests go through which proxy.
        public var proxies = OutboundProxies()
        /// The Hub that the operator chose, which is asked wherever it is.
        public var hub: HTTPAddress.Origin?
        /// Whether other servers are asked that the Internet cannot reach.
        public var privateUpstreams = PrivateUpstreams.allow
        /// The authorities whose certificates are trusted.
        public var trustRoots = TrustRoots.system
        /// Whether nobody is asked at all: each request fails with ``XetError/Code/offline`` at once.
        public var isOffline = false

        /// Makes the metrics; the system's unless another is given.
        public var metricsFactory: any MetricsFactory = MetricsSystem.factory

        /// The defaults.
        public init() {}
    }

    /// Most redirects that are followed for one request.
    private static let maximumRedirectCount = 5

    /// For Hub and CAS.
    private let clients: OutboundClients
    /// For what signed URLs name, even on the same host: a connection that has carried much before is quick at once, and is
    /// not to be lent for a small request.
    private let bulkClients: OutboundClients
    let configuration: Configuration
    /// What is counted.
    public let metrics: UpstreamMetrics
    /// Which origins answer with several ranges at once.
    package let multipartHosts = MultipartHosts()

    /// Has connections of its own; whoever makes it calls ``shutdown()`` in the end.
    public init(_ configuration: Configuration, group: MultiThreadedEventLoopGroup = .singleton) {
        let policy = AddressPolicy(configuration.privateUpstreams, hub: configuration.hub)
        clients = OutboundClients(configuration, policy, areBulk: false, group: group)
        bulkClients = OutboundClients(configuration, policy, areBulk: true, group: group)
        self.configuration = configuration
        metrics = UpstreamMetrics(configuration.metricsFactory)
    }

    /// Whether nobody is asked.
    public var isOffline: Bool { configuration.isOffline }

    /// Closes all connections; running requests fail.
    public func shutdown() async throws {
        do {
            try await clients.shutdown()
        } catch {
            try await bulkClients.shutdown()
            throw error
        }
        try await bulkClients.shutdown()
    }

    /// Sends a request and follows redirects until one `isFinal`; returns the last answer, whatever its status, and its
    /// address.
    ///
    /// `bearer` is a token that belongs to the origin of `address`, which is a `service`; no other origin gets it. All
    /// other headers go along. `headTimeout` stands in for the configured one. `onRedirect` gets each address before it is asked, and may throw.
    func send(
        _ method: HTTPMethod,
        _ address: HTTPAddress,
        of service: UpstreamService = .cdn,
        bearer: String? = nil,
        headers: HTTPHeaders = [:],
        headTimeout: TimeAmount? = nil,
        onRedirect: (HTTPAddress) throws -> Void = { _ in },
        isFinal: (HTTPClientResponse) -> Bool = { _ in false }
    ) async throws -> (response: HTTPClientResponse, address: HTTPAddress) {
        let owner = address.origin
        var address = address
        for _ in 0...Self.maximumRedirectCount {
            var headers = headers
            if let bearer, address.origin == owner {
                headers.add(name: "Authorization", value: "Bearer \(bearer)")
            }
            let asked = address.origin == owner ? service : .cdn
            let response = try await exchange(
                method,
                address,
                of: asked,
                headers: headers,
                headTimeout: headTimeout
            )
            guard response.status.isRedirection, !isFinal(response),
                let location = response.headers[first: .location]
            else { return (response, address) }
            guard let next = address.resolving(location) else {
                throw XetError(.invalidResponse, "\(address) redirects to what is no address")
            }
            try onRedirect(next)
            address = next
        }
        throw XetError(.invalidResponse, "\(owner) redirects too often")
    }

    /// Sends one request and returns the answer, whatever its status; a redirect is not followed.
    ///
    /// `headers` go to the origin of `address` as they are. `headTimeout` stands in for the configured one.
    func exchange(
        _ method: HTTPMethod,
        _ address: HTTPAddress,
        of service: UpstreamService,
        headers: HTTPHeaders,
        body: HTTPClientRequest.Body? = nil,
        headTimeout: TimeAmount? = nil
    ) async throws -> HTTPClientResponse {
        guard !configuration.isOffline else {
            // An address of somebody else may be signed.
            let place = service == .cdn ? "\(address.origin)" : "\(address)"
            throw XetError(.offline, "this proxy is offline, and does not have what you ask for: \(method) \(place)")
        }
        let route = try await (service == .cdn ? bulkClients : clients).route(to: address)
        var request = HTTPClientRequest(url: route.url)
        request.method = method
        request.headers = headers
        if let host = route.host { request.headers.replaceOrAdd(name: "Host", value: host) }
        if !headers.contains(name: "User-Agent") {
            request.headers.add(name: "User-Agent", value: configuration.userAgent)
        }
        if !headers.contains(name: "Accept-Encoding") {
            // What comes is used or passed on as it is, by its length and by the offsets of ranges.
            request.headers.add(name: "Accept-Encoding", value: "identity")
        }
        request.body = body
        InstrumentationContext.current?.requestTrace?.apply(to: &request.headers)
        let start = ContinuousClock.now
        var response: HTTPClientResponse
        do {
            response = try await route.client.execute(request, timeout: headTimeout ?? configuration.headTimeout)
            metrics.noteHead(from: service, status: Int(response.status.code), after: .now - start)
        } catch {
            // Who was cancelled did not wait for the server.
            if !Task.isCancelled { metrics.noteHead(from: service, status: nil, after: .now - start) }
            throw Self.failure(error, address, of: service, through: route.proxy)
        }
        if let proxy = route.proxy, response.status == .proxyAuthenticationRequired {
            throw Self.refusal(by: proxy)
        }
        try response.refuseCodings(acceptedBy: request.headers["Accept-Encoding"], method, from: address)
        return response
    }

    /// The whole body of an answer, up to a limit.
    func body(
        of response: HTTPClientResponse,
        from address: HTTPAddress,
        _ service: UpstreamService = .cdn,
        upTo byteCount: Int
    ) async throws -> ByteBuffer {
        do {
            let bytes = try await response.body.collect(upTo: byteCount)
            metrics.noteReceived(UInt64(bytes.readableBytes), from: service)
            return bytes
        } catch is NIOTooManyBytesError {
            throw XetError(.invalidResponse, "\(address) sent more than \(byteCount) bytes")
        } catch {
            throw Self.failure(error, address, of: service)
        }
    }

    /// What a failed exchange with `address` means; a cancelled task stays `CancellationError`.
    static func failure(
        _ error: any Error,
        _ address: HTTPAddress,
        of service: UpstreamService,
        through proxy: OutboundProxy? = nil
    ) -> any Error {
        if error is CancellationError || Task.isCancelled { return CancellationError() }
        let origin = address.origin
        let server = UpstreamServer(service, address)
        if error is ReadTimeoutError {
            return XetError(.timedOut, "\(origin) has sent nothing for too long", cause: error, server: server)
        }
        if let failure = XetError(tls: error, origin) { return failure }
        if let error = error as? RefusedAddressError {
            return AddressPolicy.refusal(origin, error.address)
        }
        if let error = error as? BrokenAnswerError {
            return XetError(.invalidResponse, "\(origin) breaks HTTP: \(error)", cause: error)
        }
        let way = proxy.map { " through the proxy \($0)" } ?? ""
        switch error as? HTTPClientError {
        case .cancelled?: return CancellationError()
        case .proxyAuthenticationRequired?:
            return proxy.map(refusal)
                ?? XetError(.connectionFailed, "connection to \(origin)", cause: error, server: server)
        case .connectTimeout?, .readTimeout?, .writeTimeout?, .deadlineExceeded?, .getConnectionFromPoolTimeout?,
            .tlsHandshakeTimeout?, .httpProxyHandshakeTimeout?:
            return XetError(.timedOut, "\(origin) does not answer\(way)", cause: error, server: server)
        case .invalidURL?, .emptyHost?, .emptyScheme?:
            return XetError(.invalidResponse, "\(address) is no address", cause: error)
        default:
            let reason = ConnectionFailure.reason(error).map { ": \($0)" } ?? " failed"
            return XetError(.connectionFailed, "connection to \(origin)\(way)\(reason)", cause: error, server: server)
        }
    }

    private static func refusal(by proxy: OutboundProxy) -> XetError {
        XetError(.unreachable, "the proxy \(proxy) wants a user and a password, or others than it was given")
    }
}

extension HTTPResponseStatus {
    /// A redirect that names another address for the same request.
    var isRedirection: Bool { [301, 302, 303, 307, 308].contains(code) }
    /// A success, 200 to 299.
    var isSuccess: Bool { (200..<300).contains(code) }
}
