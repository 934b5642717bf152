import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Testing

@testable import XetServer

@Suite struct ConnectionEndHandlerTests {
    /// Keeps what was asked of the socket.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = HTTPResponsePart
        var parts: [HTTPResponsePart] = []
        var closes: [CloseMode] = []
        var unsent: [EventLoopPromise<Void>] = []

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            parts.append(unwrapOutboundIn(data))
            if let promise { unsent.append(promise) }
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            closes.append(mode)
            if mode == .all { return context.close(promise: promise) }
            promise?.succeed()
        }

        func send() {
            for promise in unsent { promise.succeed() }
            unsent = []
        }
    }

    private final class Requests: ChannelInboundHandler {
        typealias InboundIn = HTTPRequestPart
        var parts: [HTTPRequestPart] = []
        var errors: [any Error] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { parts.append(unwrapInboundIn(data)) }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { errors.append(error) }
    }

    private let channel = EmbeddedChannel()
    private let socket = Socket()
    private let requests = Requests()
    private let overflows = SharedCount()

    init() throws {
        let handler = ConnectionEndHandler(isDraining: false, onRefusal: { [overflows] _ in overflows.add() })
        try channel.pipeline.syncOperations.addHandlers(socket, handler, requests)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    private func request() throws {
        try channel.writeInbound(HTTPRequestPart.head(.init(method: .get, scheme: "http", authority: "a", path: "/")))
        try channel.writeInbound(HTTPRequestPart.end(nil))
    }

    private func answer(_ headers: HTTPFields = [:], upToBody: Bool = false) {
        channel.write(HTTPResponsePart.head(.init(status: .ok, headerFields: headers)), promise: nil)
        channel.write(HTTPResponsePart.body(ByteBuffer(string: "x")), promise: nil)
        if !upToBody { channel.writeAndFlush(HTTPResponsePart.end(nil), promise: nil) }
    }

    private func quiesce() { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }

    @Test func `an answer that runs when the proxy stops ends whole, and then the connection`() throws {
        try request()
        quiesce()
        #expect(socket.closes.isEmpty)
        answer()
        guard case .head(let head)? = socket.parts.first else { throw Missing() }
        #expect(head.headerFields[.connection] == "close")
        #expect(socket.parts.count == 3)
        #expect(socket.closes == [.output])
        channel.embeddedEventLoop.advanceTime(by: ConnectionEndHandler.linger)
        #expect(socket.closes == [.output, .all])
    }

    @Test func `an idle connection is closed at once`() throws {
        quiesce()
        #expect(socket.closes == [.all])
    }

    @Test func `a timeout does not cut off what the client has still to take`() throws {
        try request()
        answer()
        channel.close(promise: nil)
        #expect(socket.closes == [.output])
        #expect(channel.isActive)
    }

    @Test func `a timeout closes when everything has left`() throws {
        try request()
        answer()
        socket.send()
        channel.close(promise: nil)
        #expect(socket.closes == [.all])
    }

    @Test func `an answer that broke off is never ended cleanly`() throws {
        try request()
        answer(upToBody: true)
        channel.close(promise: nil)
        #expect(socket.closes == [.all])
    }

    @Test func `nobody answers a request behind the last answer`() throws {
        try request()
        answer([.connection: "close"])
        let count = requests.parts.count
        try request()
        #expect(requests.parts.count == count)
        #expect(socket.closes == [.output])
    }

    @Test func `a head that is too long is answered with its status`() throws {
        channel.pipeline.fireErrorCaught(HTTPParserError.headerOverflow)
        guard case .head(let head)? = socket.parts.first else { throw Missing() }
        #expect(head.status == .requestHeaderFieldsTooLarge)
        #expect(socket.parts.count == 3)
        #expect(socket.closes == [.output])
        #expect(overflows.value == 1)
        #expect(requests.errors.isEmpty)
    }

    @Test func `other errors go on`() throws {
        channel.pipeline.fireErrorCaught(HTTPParserError.invalidEOFState)
        channel.pipeline.fireErrorCaught(CancellationError())
        #expect(requests.errors.count == 2)
        #expect(socket.parts.isEmpty)
    }

    private struct Missing: Error {}
}
