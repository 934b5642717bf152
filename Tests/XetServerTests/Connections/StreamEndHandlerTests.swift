import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import XetServer

@Suite struct StreamEndHandlerTests {
    /// Holds what is written until its window opens.
    private final class Window: ChannelOutboundHandler {
        typealias OutboundIn = HTTPResponsePart
        var held: [EventLoopPromise<Void>] = []

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if let promise { held.append(promise) }
        }

        func open() {
            for promise in held { promise.succeed() }
            held = []
        }
    }

    private final class Events: ChannelInboundHandler {
        typealias InboundIn = NIOAny
        var count = 0

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { count += 1 }
    }

    private let channel = EmbeddedChannel()
    private let window = Window()
    private let events = Events()

    init() throws {
        try channel.pipeline.syncOperations.addHandlers(window, StreamEndHandler(), events)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        channel.write(HTTPResponsePart.head(.init(status: .ok)), promise: nil)
        channel.write(HTTPResponsePart.body(ByteBuffer(string: "x")), promise: nil)
    }

    @Test func `a whole answer leaves before the stream is closed`() {
        channel.write(HTTPResponsePart.end(nil), promise: nil)
        channel.close(promise: nil)
        #expect(channel.isActive)
        window.open()
        #expect(!channel.isActive)
    }

    @Test func `one that is not whole is cut off`() {
        channel.close(promise: nil)
        #expect(!channel.isActive)
    }

    @Test func `a stream whose answer has left is closed at once`() {
        channel.write(HTTPResponsePart.end(nil), promise: nil)
        window.open()
        #expect(channel.isActive)
        channel.close(promise: nil)
        #expect(!channel.isActive)
    }

    @Test func `streams do not hear that the proxy stops`() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(events.count == 0)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(events.count == 1)
    }
}
