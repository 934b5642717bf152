import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import XetServer

@Suite struct SlowClientHandlerTests {
    /// A time that tests move, beside that of the event loop.
    private final class Time {
        var now = ContinuousClock.now
    }

    private let channel = EmbeddedChannel()
    private let time = Time()
    private let slowCount = SharedCount()

    init() throws {
        let handler = SlowClientHandler(
            leastRate: 1024,
            now: { [time] in time.now },
            onSlowClient: { [slowCount] in slowCount.add() }
        )
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    private func advance(_ seconds: Int64) {
        time.now += .seconds(seconds)
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
    }

    private func setWritable(_ isWritable: Bool) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }

    @Test func `a client that takes nothing is cut off and counted`() throws {
        channel.write(ByteBuffer(repeating: 0, count: 1 << 20), promise: nil)
        setWritable(false)
        advance(59)
        #expect(channel.isActive)
        advance(1)
        #expect(!channel.isActive)
        #expect(slowCount.value == 1)
    }

    @Test func `what has left the buffer counts as taken`() throws {
        channel.write(ByteBuffer(repeating: 0, count: 60 << 10), promise: nil)
        channel.flush()
        channel.write(ByteBuffer(repeating: 0, count: 1 << 20), promise: nil)
        setWritable(false)
        advance(60)
        #expect(channel.isActive)
        // Nothing more left since.
        advance(60)
        #expect(!channel.isActive)
        #expect(slowCount.value == 1)
    }

    @Test func `a client that has to wait is never too slow`() throws {
        setWritable(false)
        advance(30)
        setWritable(true)
        advance(3600)
        #expect(channel.isActive)
        #expect(slowCount.value == 0)
    }

    @Test func `no timer is left behind a closed connection`() throws {
        setWritable(false)
        channel.close(promise: nil)
        advance(60)
        #expect(slowCount.value == 0)
    }
}

/// A number that several threads may add to.
final class SharedCount: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() { count.withLock { $0 += 1 } }
}
