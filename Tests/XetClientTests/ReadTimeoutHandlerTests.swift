import NIOCore
import NIOEmbedded
import Testing

@testable import XetClient

@Suite struct ReadTimeoutHandlerTests {
    /// Keeps the errors that come through the pipeline.
    private final class Errors: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var caught: [any Error] = []

        func errorCaught(context: ChannelHandlerContext, error: any Error) { caught.append(error) }
    }

    private let channel = EmbeddedChannel()
    private let errors = Errors()

    init() throws {
        try channel.pipeline.syncOperations.addHandlers(ReadTimeoutHandler(.seconds(10)), errors)
        // Nothing is read unless a test asks.
        try channel.syncOptions?.setOption(.autoRead, value: false)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    private var isClosed: Bool { !channel.isActive }

    private func advance(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

    @Test func `a read that stays unanswered closes the connection`() {
        channel.read()
        advance(9)
        #expect(!isClosed)
        advance(1)
        #expect(isClosed)
        #expect(errors.caught.count == 1)
        #expect(errors.caught.first is ReadTimeoutError)
    }

    @Test func `who does not read is never timed`() {
        advance(1000)
        #expect(!isClosed)
        #expect(errors.caught.isEmpty)
    }

    @Test func `an answered read is not timed, however long the next one takes to come`() throws {
        channel.read()
        advance(5)
        try channel.writeInbound(ByteBuffer(string: "x"))
        advance(1000)
        #expect(!isClosed)
        channel.read()
        advance(9)
        #expect(!isClosed)
        advance(1)
        #expect(isClosed)
    }

    @Test func `each read counts from itself`() throws {
        for _ in 0..<20 {
            channel.read()
            advance(7)
            #expect(!isClosed)
            try channel.writeInbound(ByteBuffer(string: "x"))
        }
        channel.read()
        advance(9)
        #expect(!isClosed)
        advance(1)
        #expect(isClosed)
    }

    @Test func `reading again does not put the end off`() {
        channel.read()
        advance(6)
        channel.read()
        advance(4)
        #expect(isClosed)
    }

    @Test func `a request on an idle connection starts the wait anew`() {
        channel.read()
        advance(8)
        channel.writeAndFlush(ByteBuffer(string: "GET"), promise: nil)
        advance(9)
        #expect(!isClosed)
        advance(1)
        #expect(isClosed)
    }

    @Test func `writing without a read starts nothing`() {
        channel.writeAndFlush(ByteBuffer(string: "GET"), promise: nil)
        advance(1000)
        #expect(!isClosed)
    }

    @Test func `a closed connection has no timer left`() throws {
        channel.read()
        advance(5)
        _ = try channel.finish()
        advance(1000)
        #expect(errors.caught.isEmpty)
    }
}
