public import AsyncHTTPClient
import HTTPTypes
public import NIOCore
import NIOHTTP1
public import NIOPosix
import XetAccess
import XetWire

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
        public var connectionsPerHost = 1024
        /// Sent as `User-Agent`.
        public var userAgent = "xet"

        /// The defaults.
        public init() {}
    }

    /// Most redirects that are followed for one request.
    private static let maximumRedirectCount = 5
    /// Most bytes read from a socket at once: large reads save CPU, still larger ones only take memory.
    private static let receiveByteCount = 256 << 10

    private let client: HTTPClient
    private let configuration: Configuration

    /// Wraps a client that ``makeClient(_:group:)`` made.
    public init(client: HTTPClient, configuration: Configuration) {
        self.client = client
        self.configuration = configuration
    }

    /// A client with the settings that the download path needs; its owner shuts it down.
    public static func makeClient(
        _ configuration: Configuration,
        group: MultiThreadedEventLoopGroup = .singleton
    ) -> HTTPClient {
        var settings = HTTPClient.Configuration(
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
            channel.eventLoop.makeCompletedFuture {
                let allocator = AdaptiveRecvByteBufferAllocator(
                    minimum: 4096,
                    initial: 64 * 1024,
                    maximum: Self.receiveByteCount
                )
                try channel.syncOptions?.setOption(.recvAllocator, value: allocator)
                // The channel keeps a buffer for each: one is filled while the other is decoded.
                try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 2)
                try channel.pipeline.syncOperations.addHandler(ReadTimeoutHandler(readTimeout), position: .first)
            }
        }
        return HTTPClient(eventLoopGroupProvider: .shared(group), configuration: settings)
    }

    /// Sends a request and follows redirects until one `isFinal`; returns the last answer, whatever its status, and its
    /// address.
    ///
    /// `bearer` is a token that belongs to the origin of `address`; no other origin gets it. All other headers go along.
    func send(
        _ method: HTTPMethod,
        _ address: HTTPAddress,
        bearer: String? = nil,
        headers: HTTPHeaders = [:],
        isFinal: (HTTPClientResponse) -> Bool = { _ in false }
    ) async throws -> (response: HTTPClientResponse, address: HTTPAddress) {
        let owner = address.origin
        var address = address
        for _ in 0...Self.maximumRedirectCount {
            var headers = headers
            if let bearer, address.origin == owner {
                headers.add(name: "Authorization", value: "Bearer \(bearer)")
            }
            let response = try await sendOnce(method, address, headers)
            guard response.status.isRedirection, !isFinal(response),
                let location = response.headers[first: .location]
            else { return (response, address) }
            guard let next = address.resolving(location) else {
                throw XetError(.invalidResponse, "\(address) redirects to what is no address")
            }
            address = next
        }
        throw XetError(.invalidResponse, "\(owner) redirects too often")
    }

    private func sendOnce(
        _ method: HTTPMethod,
        _ address: HTTPAddress,
        _ headers: HTTPHeaders
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address.absolute)
        request.method = method
        request.headers = headers
        request.headers.add(name: "User-Agent", value: configuration.userAgent)
        do {
            return try await client.execute(request, timeout: configuration.headTimeout)
        } catch {
            throw Self.failure(error, address)
        }
    }

    /// The whole body of an answer, up to a limit.
    func body(
        of response: HTTPClientResponse,
        from address: HTTPAddress,
        upTo byteCount: Int
    ) async throws -> ByteBuffer {
        do {
            return try await response.body.collect(upTo: byteCount)
        } catch is NIOTooManyBytesError {
            throw XetError(.invalidResponse, "\(address) sent more than \(byteCount) bytes")
        } catch {
            throw Self.failure(error, address)
        }
    }

    /// What a failed exchange with `address` means; a cancelled task stays `CancellationError`.
    static func failure(_ error: any Error, _ address: HTTPAddress) -> any Error {
        if error is CancellationError || Task.isCancelled { return CancellationError() }
        if error is ReadTimeoutError {
            return XetError(.timedOut, "\(address.origin) has sent nothing for too long", cause: error)
        }
        switch error as? HTTPClientError {
        case .cancelled?: return CancellationError()
        case .connectTimeout?, .readTimeout?, .writeTimeout?, .deadlineExceeded?, .getConnectionFromPoolTimeout?,
            .tlsHandshakeTimeout?:
            return XetError(.timedOut, "\(address.origin) does not answer", cause: error)
        case .invalidURL?, .emptyHost?, .emptyScheme?:
            return XetError(.invalidResponse, "\(address) is no address", cause: error)
        default:
            return XetError(.connectionFailed, "connection to \(address.origin)", cause: error)
        }
    }
}

extension HTTPResponseStatus {
    /// A redirect that names another address for the same request.
    var isRedirection: Bool { [301, 302, 303, 307, 308].contains(code) }
    /// A success, 200 to 299.
    var isSuccess: Bool { (200..<300).contains(code) }
}
