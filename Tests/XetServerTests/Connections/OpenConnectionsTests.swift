import NIOCore
import NIOEmbedded
import Testing

@testable import XetServer

@Suite struct OpenConnectionsTests {
    private func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(AbortHandler())
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        return channel
    }

    @Test func `those that are left are closed`() throws {
        let connections = OpenConnections()
        let (first, second) = (try connection(), try connection())
        #expect(connections.add(first))
        #expect(connections.add(second))
        first.close(promise: nil)
        first.embeddedEventLoop.run()
        #expect(connections.count == 1)
        #expect(connections.abort() == 1)
        second.embeddedEventLoop.run()
        #expect(!second.isActive)
        #expect(connections.count == 0)
    }

    @Test func `it remembers that the proxy stops`() {
        let connections = OpenConnections()
        #expect(!connections.isDraining)
        connections.drain()
        #expect(connections.isDraining)
    }

    @Test func `no more than there may be`() throws {
        let connections = OpenConnections()
        let (first, second) = (try connection(), try connection())
        #expect(connections.add(first, most: 1))
        #expect(!connections.add(second, most: 1))
        #expect(connections.count == 1)
        first.close(promise: nil)
        first.embeddedEventLoop.run()
        #expect(connections.add(second, most: 1))
    }
}
