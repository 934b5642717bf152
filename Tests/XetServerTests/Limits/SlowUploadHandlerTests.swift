import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing
import XetTestSupport

@testable import XetServer

@Suite struct SlowUploadHandlerTests {
    private final class Clock {
        var now = ContinuousClock.now
    }

    private final class Errors: ChannelInboundHandler {
        typealias InboundIn = HTTPRequestPart
        var refusals: [RequestRefusal] = []

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if let refusal = error as? RequestRefusal { refusals.append(refusal) }
        }
    }

    private let channel = EmbeddedChannel()
    private let clock = Clock()
    private let errors = Errors()
    private let slow = SharedCount()

    init() throws {
        let clock = clock
        try channel.pipeline.syncOperations.addHandlers(
            SlowUploadHandler(leastRate: 100, now: { clock.now }, onSlowClient: { [slow] in slow.add() }),
            errors
        )
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    private func pass(_ seconds: Int) {
        clock.now += .seconds(seconds)
        channel.embeddedEventLoop.advanceTime(by: .seconds(Int64(seconds)))
    }

    private func begin() throws {
        try channel.writeInbound(HTTPRequestPart.head(.init(method: .put, scheme: "http", authority: "a", path: "/")))
        channel.read()
    }

    private func body(_ byteCount: Int) throws {
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(repeating: 1, count: byteCount)))
        channel.read()
    }

    @Test func `a trickle is refused`() throws {
        try begin()
        for _ in 0..<6 {
            pass(10)
            try body(20)
        }
        pass(1)
        #expect(slow.value == 1)
        #expect(errors.refusals.map(\.status) == [.requestTimeout])
    }

    @Test func `silence is refused`() throws {
        try begin()
        pass(59)
        #expect(slow.value == 0)
        pass(2)
        #expect(slow.value == 1)
    }

    @Test func `quick enough goes on`() throws {
        try begin()
        for _ in 0..<30 {
            pass(10)
            try body(2000)
        }
        #expect(slow.value == 0)
    }

    @Test func `time in which nobody wants the body does not count`() throws {
        try channel.writeInbound(HTTPRequestPart.head(.init(method: .put, scheme: "http", authority: "a", path: "/")))
        pass(600)
        channel.read()
        pass(30)
        #expect(slow.value == 0)
    }

    @Test func `between requests nothing is expected`() throws {
        try begin()
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.read()
        pass(600)
        #expect(slow.value == 0)
    }
}
