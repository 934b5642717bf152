import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes

@testable import XetServer

/// A connection as the server builds it, fed with bytes, whose routes are a test's.
final class RawConnection {
    /// Keeps the requests that would reach the routes, and how the connection was closed.
    final class Routes: ChannelInboundHandler {
        typealias InboundIn = HTTPRequestPart
        var heads: [HTTPRequest] = []
        var body = ""
        var endCount = 0
        var errors: [any Error] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): heads.append(head)
            case .body(let bytes): body += String(buffer: bytes)
            case .end: endCount += 1
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { errors.append(error) }
    }

    private final class Closes: ChannelOutboundHandler {
        typealias OutboundIn = IOData
        var modes: [CloseMode] = []

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            modes.append(mode)
            if mode == .all { return context.close(promise: promise) }
            promise?.succeed()
        }
    }

    let channel = EmbeddedChannel()
    let routes = Routes()
    let refusals = SharedCount()
    private let closes = Closes()

    init(isSecure: Bool = false) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(closes)
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false)
        try pipeline.addHandler(HTTP1Codec(isSecure: isSecure))
        try pipeline.addHandler(
            ConnectionEndHandler(isDraining: false, onRefusal: { [refusals] _ in refusals.add() })
        )
        try pipeline.addHandler(routes)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    /// Whether the sending side is closed, or all of it.
    var hasEnded: Bool { !closes.modes.isEmpty }

    /// The client sends this.
    func receive(_ text: String) {
        // A parser that fails says so as an error of the pipeline.
        _ = try? channel.writeInbound(ByteBuffer(string: text))
        channel.embeddedEventLoop.run()
    }

    /// The routes answer.
    func answer(_ status: HTTPResponse.Status = .ok, _ headers: HTTPFields = [:], _ body: String? = nil) {
        channel.write(HTTPResponsePart.head(.init(status: status, headerFields: headers)), promise: nil)
        if let body { channel.write(HTTPResponsePart.body(ByteBuffer(string: body)), promise: nil) }
        channel.writeAndFlush(HTTPResponsePart.end(nil), promise: nil)
        channel.embeddedEventLoop.run()
    }

    /// The routes begin to answer.
    func beginAnswer() {
        channel.writeAndFlush(HTTPResponsePart.head(.init(status: .ok)), promise: nil)
    }

    /// Whether it was not closed at once.
    var isOpen: Bool { channel.isActive }

    /// A route wants the body.
    func wantBody() {
        channel.triggerUserOutboundEvent(Expectation.Wanted(), promise: nil)
        channel.embeddedEventLoop.run()
    }

    /// What was sent since the last look.
    func sent() throws -> String {
        var text = ""
        while let data = try channel.readOutbound(as: IOData.self) {
            if case .byteBuffer(let bytes) = data { text += String(buffer: bytes) }
        }
        return text
    }
}
