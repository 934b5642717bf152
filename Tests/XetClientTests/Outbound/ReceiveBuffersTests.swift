import NIOCore
import NIOEmbedded
import Testing

@testable import XetClient

@Suite struct ReceiveBuffersTests {
    private func readCount(_ channel: EmbeddedChannel) throws -> UInt? {
        try channel.syncOptions?.getOption(.maxMessagesPerRead)
    }

    private func connection(_ buffers: ReceiveBuffers) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try buffers.assign(to: channel)
        return channel
    }

    private func close(_ channel: EmbeddedChannel) {
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
    }

    @Test func `some connections get large buffers, the others small ones`() throws {
        let buffers = ReceiveBuffers(areBulk: true)
        let large = try (0..<ReceiveBuffers.largeCount).map { _ in try connection(buffers) }
        #expect(try large.allSatisfy { try readCount($0) == 2 })
        let small = try connection(buffers)
        #expect(try readCount(small) == 1)
        close(small)
        #expect(try readCount(connection(buffers)) == 1)
        close(large[0])
        #expect(try readCount(connection(buffers)) == 2)
        #expect(try readCount(connection(buffers)) == 1)
    }
}
