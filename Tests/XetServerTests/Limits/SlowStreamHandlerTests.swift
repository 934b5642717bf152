import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import XetServer

@Suite struct SlowStreamHandlerTests {
    private final class Time {
        var now = ContinuousClock.now
    }

    /// Holds what is written, as a window does that is not opened.
    private final class Window: ChannelOutboundHandler {
        typealias OutboundIn = HTTPResponsePart
        var held: [EventLoopPromise<Void>] = []

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if let promise { held.append(promise) }
        }

        func open(pieces: Int) {
            for promise in held.prefix(pieces) { promise.succeed() }
            held.removeFirst(pieces)
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            for promise in held { promise.fail(ChannelError.ioOnClosedChannel) }
            held = []
            context.close(mode: mode, promise: promise)
        }
    }

    private let channel = EmbeddedChannel()
    private let time = Time()
    private let slowCount = SharedCount()
    private let window = Window()

    init() throws {
        let handler = SlowStreamHandler(
            leastRate: 1024,
            now: { [time] in time.now },
            onSlowClient: { [slowCount] in slowCount.add() }
        )
        try channel.pipeline.syncOperations.addHandlers(window, handler)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        channel.write(HTTPResponsePart.body(ByteBuffer(repeating: 7, count: 250_000)), promise: nil)
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
    }

    private func advance(_ seconds: Int64) {
        time.now += .seconds(seconds)
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
    }

    @Test func `a body goes down in pieces`() {
        #expect(window.held.count == 16)
    }

    @Test func `a window that is not opened ends the stream`() {
        advance(59)
        #expect(channel.isActive)
        advance(1)
        #expect(!channel.isActive)
        #expect(slowCount.value == 1)
    }

    @Test func `every piece that is taken counts`() {
        window.open(pieces: 4)
        advance(60)
        #expect(channel.isActive)
        window.open(pieces: 3)
        advance(60)
        #expect(!channel.isActive)
        #expect(slowCount.value == 1)
    }
}
