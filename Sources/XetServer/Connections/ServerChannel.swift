import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypesHTTP2
import NIOSSL
import NIOTLS

/// Prepares each connection: encrypted or not, HTTP/1.1 or HTTP/2, all on one port.
struct ServerChannel: ServerChildChannel {
    /// Most streams that one connection may have at the same time.
    private static let maximumStreamCount = 100

    /// How a connection begins.
    enum Opening: Sendable {
        /// With HTTP/1.1.
        case http1
        /// With HTTP/1.1, or with the preface of HTTP/2.
        case eitherVersion
        /// With TLS, in which the version is agreed on.
        case tls(ServerCertificate)
    }

    /// What is counted.
    struct Events: Sendable {
        var onSlowClient: @Sendable () -> Void
        var onRefusal: @Sendable (RequestRefusal) -> Void
        var onFull: @Sendable () -> Void
    }

    private let opening: Opening
    private let limits: ServerLimits
    private let connections: OpenConnections
    private let events: Events
    private let http1: HTTP1Channel

    init(
        _ opening: Opening,
        limits: ServerLimits,
        connections: OpenConnections,
        events: Events,
        responder: @escaping HTTPChannelHandler.Responder
    ) {
        self.opening = opening
        self.limits = limits
        self.connections = connections
        self.events = events
        http1 = HTTP1Channel(responder: responder)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<ServerConnection> {
        do {
            let pipeline = channel.pipeline.syncOperations
            guard connections.add(channel, most: limits.connections) else {
                let version = channel.eventLoop.makeSucceededFuture(ServerConnection.Version.full)
                return channel.eventLoop.makeSucceededFuture(ServerConnection(channel: channel, version: version))
            }
            try SendBuffers.bound(channel)
            try pipeline.addHandler(AbortHandler(), position: .first)
            if limits.leastClientRate > 0 {
                try pipeline.addHandler(
                    SlowClientHandler(leastRate: limits.leastClientRate, onSlowClient: events.onSlowClient),
                    position: .first
                )
            }
            switch opening {
            case .http1:
                return version1(channel, logger).map {
                    ServerConnection(channel: channel, version: channel.eventLoop.makeSucceededFuture($0))
                }
            case .eitherVersion:
                let handler = HTTPVersionHandler<ServerConnection.Version>(channel.eventLoop) { isVersion2 in
                    isVersion2 ? version2(channel, logger) : version1(channel, logger)
                }
                try pipeline.addHandler(handler)
                return channel.eventLoop.makeSucceededFuture(undecided(channel, handler.version))
            case .tls(let certificate):
                try pipeline.addHandler(NIOSSLServerHandler(context: certificate.context))
                let handler = NIOTypedApplicationProtocolNegotiationHandler<ServerConnection.Version> { result in
                    if case .negotiated("h2") = result { version2(channel, logger) } else { version1(channel, logger) }
                }
                try pipeline.addHandler(handler)
                return channel.eventLoop.makeSucceededFuture(undecided(channel, handler.protocolNegotiationResult))
            }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    func handle(value: ServerConnection, logger: Logger) async {
        do {
            switch try await value.version.get() {
            case .full: await refuse(value.channel)
            case .http1(let connection): await http1.handle(value: connection, logger: logger)
            case .http2(let streams):
                try await withThrowingDiscardingTaskGroup { group in
                    for try await stream in streams.inbound {
                        group.addTask { await http1.handle(value: stream, logger: logger) }
                    }
                }
            }
        } catch {
            logger.debug("a connection ended with an error", metadata: ["cause": "\(error)"])
            value.channel.close(promise: nil)
        }
    }

    /// Tells a client that there is no room for it, where it can understand that, and lets go of the connection.
    ///
    /// What it still sends is read meanwhile: closing over unread bytes could cost it the answer.
    private func refuse(_ channel: any Channel) async {
        events.onFull()
        let timer = channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
        if !isSecure { try? await channel.writeAndFlush(Self.fullAnswer).get() }
        try? await channel.close(mode: .output).get()
        try? await channel.closeFuture.get()
        timer.cancel()
    }

    private static let fullAnswer: ByteBuffer = {
        let body = ErrorText.json("this server has as many connections as it can take; try again soon")
        return ByteBuffer(
            string: "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }()

    private func version1(_ channel: any Channel, _ logger: Logger) -> EventLoopFuture<ServerConnection.Version> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            var decoding = NIOHTTPDecoderLimitConfiguration()
            decoding.maxHeaderFieldSize = limits.headerByteCount
            decoding.maxHeaderListSize = limits.headerByteCount
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false,
                withErrorHandling: false,
                withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoding
            )
            try pipeline.addHandler(HTTP1Codec(isSecure: isSecure))
            try addUploadWatch(pipeline)
            try pipeline.addHandler(
                ConnectionEndHandler(isDraining: connections.isDraining, onRefusal: events.onRefusal)
            )
            return .http1(try exchanges(channel, logger))
        }
    }

    private var isSecure: Bool { if case .tls = opening { true } else { false } }

    private func addUploadWatch(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        guard limits.leastClientRate > 0 else { return }
        try pipeline.addHandler(
            SlowUploadHandler(leastRate: limits.leastClientRate, onSlowClient: events.onSlowClient)
        )
    }

    /// What both versions end with: requests and answers, for the task that serves them.
    private func exchanges(_ channel: any Channel, _ logger: Logger) throws -> HTTP1Channel.Value {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ClientDepartureHandler())
        try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: limits.idleTimeout, logger: logger))
        return try HTTP1Channel.Value(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
        )
    }

    private func version2(_ channel: any Channel, _ logger: Logger) -> EventLoopFuture<ServerConnection.Version> {
        channel.eventLoop.makeCompletedFuture {
            let end = StreamsEndHandler(
                idleTimeout: TimeAmount(limits.idleTimeout),
                isDraining: connections.isDraining
            )
            let bound = NIOLoopBound(end, eventLoop: channel.eventLoop)
            var configuration = NIOHTTP2Handler.Configuration()
            configuration.connection.initialSettings = [
                HTTP2Setting(parameter: .maxConcurrentStreams, value: Self.maximumStreamCount),
                HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerByteCount),
            ]
            let streams = try channel.pipeline.syncOperations.configureAsyncHTTP2Pipeline(
                mode: .server,
                configuration: configuration
            ) { stream in
                stream.eventLoop.makeCompletedFuture {
                    bound.value.add(stream)
                    return try self.stream(stream, logger)
                }
            }
            try channel.pipeline.syncOperations.addHandler(end)
            return .http2(streams)
        }
    }

    /// A stream has its requests and answers in the form that those of HTTP/1.1 have, and is served in the same way.
    private func stream(_ channel: any Channel, _ logger: Logger) throws -> HTTP1Channel.Value {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTP2FramePayloadToHTTPServerCodec())
        if limits.leastClientRate > 0 {
            try pipeline.addHandler(
                SlowStreamHandler(leastRate: limits.leastClientRate, onSlowClient: events.onSlowClient)
            )
        }
        try addUploadWatch(pipeline)
        try pipeline.addHandler(StreamEndHandler())
        return try exchanges(channel, logger)
    }

    /// A connection that is closed unless it is decided in time.
    private func undecided(
        _ channel: any Channel,
        _ version: EventLoopFuture<ServerConnection.Version>
    ) -> ServerConnection {
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(limits.idleTimeout)) {
            channel.close(promise: nil)
        }
        version.whenComplete { _ in timer.cancel() }
        return ServerConnection(channel: channel, version: version)
    }
}
