import NIOCore
package import NIOHTTP1
import NIOPosix
import Synchronization
import XetAccess
package import XetClient
import XetWire

/// A request as it came in.
package struct ReceivedRequest: Sendable {
    package let method: HTTPMethod
    /// Path and query.
    package let target: String
    package let headers: HTTPHeaders
    package let body: [UInt8]

    package var authorization: String? { headers.first(name: "authorization") }
    package var range: String? { headers.first(name: "range") }
}

/// What a ``ScriptedServer`` sends back, as it stands: the length need not be that of the body.
package struct ScriptedAnswer: Sendable {
    package var status = 200
    package var headers: [(String, String)] = []
    package var body: [UInt8] = []
    /// `Content-Length`; that of the body if `nil`.
    package var announcedByteCount: Int?
    /// Whether the length is left out and the body sent in chunks, with or without the last one.
    package var isChunked = false
    /// Whether the connection is closed after the body, or in place of its last chunk.
    package var isBroken = false
    /// Whether nothing is sent at all.
    package var isSilent = false

    /// The end of the connection, and nothing before.
    package static var dropped: ScriptedAnswer {
        var answer = ScriptedAnswer()
        answer.isSilent = true
        answer.isBroken = true
        return answer
    }

    package init(_ status: Int = 200, _ headers: [(String, String)] = [], _ body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(_ status: Int = 200, _ headers: [(String, String)] = [], json: String) {
        self.init(status, headers, Array(json.utf8))
    }

    fileprivate func bytes(for method: HTTPMethod) -> ByteBuffer {
        var text = "HTTP/1.1 \(status) Scripted\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if isChunked {
            text += "Transfer-Encoding: chunked\r\n\r\n"
        } else {
            text += "Content-Length: \(announcedByteCount ?? body.count)\r\n\r\n"
        }
        var buffer = ByteBuffer(string: text)
        guard method != .HEAD else { return buffer }
        if isChunked {
            buffer.writeString(String(body.count, radix: 16) + "\r\n")
            buffer.writeBytes(body)
            buffer.writeString("\r\n" + (isBroken ? "" : "0\r\n\r\n"))
        } else {
            buffer.writeBytes(body)
        }
        return buffer
    }
}

/// An HTTP server on the loopback that answers by a script.
package final class ScriptedServer: Sendable {
    package typealias Script = @Sendable (ReceivedRequest) -> ScriptedAnswer
    package typealias EarlyScript = @Sendable (ReceivedRequest) -> ScriptedAnswer?

    private let channel: any Channel
    private let log: Log

    /// The requests of one server.
    private final class Log: Sendable {
        private let requests = Mutex<[ReceivedRequest]>([])

        var all: [ReceivedRequest] { requests.withLock { $0 } }

        func append(_ request: ReceivedRequest) { requests.withLock { $0.append(request) } }

        private let channels = Mutex<[any Channel]>([])

        var connections: [any Channel] { channels.withLock { $0 } }

        func append(_ channel: any Channel) { channels.withLock { $0.append(channel) } }
    }

    private init(_ channel: any Channel, _ log: Log) {
        self.channel = channel
        self.log = log
    }

    /// Serves while `body` runs.
    ///
    /// `early` may answer before the body of a request has come.
    @discardableResult
    package static func run<Value>(
        _ script: @escaping Script,
        early: EarlyScript? = nil,
        _ body: (ScriptedServer) async throws -> Value
    ) async throws -> Value {
        let log = Log()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                log.append(channel)
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(HTTPRequestDecoder()),
                        Handler(script: script, early: early, log: log)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let server = ScriptedServer(channel, log)
        do {
            let value = try await body(server)
            try await channel.close()
            return value
        } catch {
            try await channel.close()
            throw error
        }
    }

    /// The address without a path.
    package var origin: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// The requests so far.
    package var requests: [ReceivedRequest] { log.all }

    /// Ends all connections, whatever is under way on them.
    package func closeConnections() {
        for channel in log.connections { channel.close(promise: nil) }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart

        private let script: Script
        private let earlyScript: EarlyScript?
        private let log: Log
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(script: @escaping Script, early: EarlyScript?, log: Log) {
            self.script = script
            earlyScript = early
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
                let request = ReceivedRequest(method: head.method, target: head.uri, headers: head.headers, body: [])
                guard let early = earlyScript?(request) else { return }
                self.head = nil
                log.append(request)
                context.writeAndFlush(NIOAny(early.bytes(for: head.method)), promise: nil)
            case .body(let piece): body.append(contentsOf: piece.readableBytesView)
            case .end:
                guard let head = head.take() else { return }
                let request = ReceivedRequest(
                    method: head.method,
                    target: head.uri,
                    headers: head.headers,
                    body: body
                )
                log.append(request)
                let answer = script(request)
                if !answer.isSilent {
                    context.writeAndFlush(NIOAny(answer.bytes(for: head.method)), promise: nil)
                }
                if answer.isBroken { context.close(promise: nil) }
            }
        }
    }
}

/// Runs `body` with a client that the tests' peers are spoken to with.
@discardableResult
package func withUpstream<Value>(
    _ configuration: UpstreamHTTP.Configuration = .patient,
    _ body: (UpstreamHTTP) async throws -> Value
) async throws -> Value {
    let http = UpstreamHTTP(configuration)
    do {
        let value = try await body(http)
        try await http.shutdown()
        return value
    } catch {
        try await http.shutdown()
        throw error
    }
}

/// Runs `body` with a Hub client for a scripted server.
@discardableResult
package func withHub<Value>(
    path: String = "",
    _ script: @escaping ScriptedServer.Script,
    _ body: (HubClient, ScriptedServer) async throws -> Value
) async throws -> Value {
    try await ScriptedServer.run(script) { server in
        guard let endpoint = HTTPAddress(server.origin + path) else { throw XetError(.invalidRequest, "no address") }
        return try await withUpstream { try await body(HubClient(endpoint: endpoint, http: $0), server) }
    }
}

extension UpstreamHTTP.Configuration {
    /// For tests of what is no wait: a machine may be busy.
    package static var patient: Self {
        var configuration = Self()
        configuration.headTimeout = .minutes(3)
        configuration.connectTimeout = .minutes(3)
        configuration.readTimeout = .minutes(3)
        return configuration
    }
}
