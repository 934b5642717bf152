import NIOCore
import NIOEmbedded
import Testing

@testable import XetServer

@Suite struct HTTPVersionHandlerTests {
    private final class Received: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var bytes = ByteBuffer()

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var piece = unwrapInboundIn(data)
            bytes.writeBuffer(&piece)
        }
    }

    private let channel = EmbeddedChannel()
    private let received = Received()

    private func start() throws -> EventLoopFuture<Bool> {
        let handler = HTTPVersionHandler<Bool>(channel.eventLoop) { [channel, received] isVersion2 in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(received)
                return isVersion2
            }
        }
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        return handler.version
    }

    private func feed(_ text: String, by count: Int) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            try channel.writeInbound(ByteBuffer(bytes: rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        channel.embeddedEventLoop.run()
    }

    @Test(arguments: [1, 7, 1000])
    func `the preface means HTTP/2 however it comes`(_ count: Int) throws {
        let version = try start()
        let text = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nand more"
        try feed(text, by: count)
        #expect(try version.wait())
        #expect(String(buffer: received.bytes) == text)
    }

    @Test(
        arguments: ["GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/1.1\r\n\r\n", "PRINT / HTTP/1.1\r\n\r\n", "P\r\n"],
        [1, 1000]
    )
    func `anything else means HTTP/1, and nothing of it is lost`(_ text: String, _ count: Int) throws {
        let version = try start()
        try feed(text, by: count)
        #expect(try !version.wait())
        #expect(String(buffer: received.bytes) == text)
    }

    @Test func `a connection that ends before is none`() throws {
        let version = try start()
        try feed("PRI * HT", by: 100)
        _ = try? channel.finish(acceptAlreadyClosed: true)
        #expect(throws: ChannelError.self) { try version.wait() }
        #expect(received.bytes.readableBytes == 0)
    }
}
