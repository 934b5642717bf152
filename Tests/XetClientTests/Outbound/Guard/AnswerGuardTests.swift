import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import XetClient

@Suite struct AnswerGuardTests {
    /// What comes out of the guard, and how it would be taken.
    private final class Client: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart

        var statuses: [Int] = []
        var body: [UInt8] = []
        var endCount = 0
        var errors: [any Error] = []
        /// Whether a part came that the HTTP client would stop the process for.
        var isOutOfOrder = false
        private var isInBody = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                isOutOfOrder = isOutOfOrder || isInBody || !(200...999).contains(head.status.code)
                isInBody = true
                statuses.append(Int(head.status.code))
            case .body(let piece):
                isOutOfOrder = isOutOfOrder || !isInBody
                body += piece.readableBytesView
            case .end:
                isOutOfOrder = isOutOfOrder || !isInBody
                isInBody = false
                endCount += 1
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { errors.append(error) }
    }

    private let channel = EmbeddedChannel()
    private let client = Client()

    init() throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPRequestEncoder())
        try pipeline.addHandler(
            ByteToMessageHandler(HTTPResponseDecoder(informationalResponseStrategy: .forward))
        )
        try pipeline.addHandler(client)
        try AnswerGuard.add(to: pipeline)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    private func ask(_ method: HTTPMethod = .GET) throws {
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: "/")
        try channel.writeOutbound(HTTPClientRequestPart.head(head))
        try channel.writeOutbound(HTTPClientRequestPart.end(nil))
    }

    /// Errors come to the client, as they do in a connection.
    private func receive(_ text: String) {
        channel.pipeline.fireChannelRead(ByteBuffer(string: text))
        channel.pipeline.fireChannelReadComplete()
    }

    private var failure: BrokenAnswerError? { client.errors.lazy.compactMap { $0 as? BrokenAnswerError }.first }

    @Test func `an answer passes`() throws {
        try ask()
        receive("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
        receive("llo")
        #expect(client.statuses == [200])
        #expect(client.body == Array("hello".utf8))
        #expect(client.endCount == 1)
        #expect(client.errors.isEmpty)
        try ask(.HEAD)
        receive("HTTP/1.1 999 Odd\r\nContent-Length: 5\r\n\r\n")
        #expect(client.statuses == [200, 999])
        #expect(client.endCount == 2)
        #expect(channel.isActive)
    }

    @Test(arguments: [0, 1, 20, 42, 99])
    func `a status below 100 ends the connection`(status: Int) throws {
        try ask()
        let digits = String(repeating: "0", count: 3 - "\(status)".count) + "\(status)"
        receive("HTTP/1.1 \(digits) X\r\nContent-Length: 2\r\n\r\nok")
        #expect(failure == .status(status))
        #expect(client.statuses == [] && client.body == [] && client.endCount == 0)
        #expect(!channel.isActive)
    }

    @Test func `another protocol ends the connection`() throws {
        try ask()
        receive("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nbytes of x")
        #expect(failure == .switchedProtocols)
        #expect(client.statuses == [])
        #expect(!channel.isActive)
    }

    /// Whatever the bytes are, what comes out is a message or an error.
    @Test(arguments: [
        "HTTP/1.1 1000 X\r\n\r\n", "HTTP/1.1 20 X\r\n\r\n", "HTTP/1.1 -20 X\r\n\r\n", "HTTP/0.9 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n", "<html>", "\r\n\r\n", "ICY 200 OK\r\n\r\n", "\u{16}\u{3}\u{1}",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 000 X\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: \u{0}\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    ])
    func `other bytes`(text: String) throws {
        for method in [HTTPMethod.GET, .HEAD] {
            for isWhole in [true, false] {
                let guarded = try AnswerGuardTests()
                try guarded.ask(method)
                if isWhole {
                    guarded.receive(text)
                } else {
                    for scalar in text.unicodeScalars { guarded.receive(String(scalar)) }
                }
                guarded.channel.close(promise: nil)
                guarded.channel.embeddedEventLoop.run()
                #expect(!guarded.client.isOutOfOrder)
                #expect(guarded.client.endCount <= 1)
                // A connection that ends before a head is the client's to notice.
                let isNothing = guarded.client.statuses.isEmpty
                #expect(guarded.client.endCount == 1 || !guarded.client.errors.isEmpty || isNothing)
            }
        }
    }

    // MARK: What is no content is bounded

    @Test func `informational answers that do not end`() throws {
        try ask()
        var count = 0
        while channel.isActive, count < 1 << 20 {
            receive("HTTP/1.1 102 Processing\r\n\r\n")
            count += 1
        }
        #expect(failure == .overhead(byteCount: AnswerOverhead.maximumByteCount))
        #expect(count == AnswerOverhead.maximumByteCount / 27 + 1)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    ])
    func `headers and trailers that do not end`(start: String) throws {
        try ask()
        receive(start)
        for index in 0..<200 where channel.isActive {
            receive("X-\(index): " + String(repeating: "x", count: 2000) + "\r\n")
        }
        #expect(failure == .overhead(byteCount: AnswerOverhead.maximumByteCount))
        #expect(client.endCount == 0)
    }

    @Test func `a size of a chunk that does not end`() throws {
        try ask()
        receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        for _ in 0..<300 where channel.isActive { receive(String(repeating: "x", count: 1 << 10)) }
        #expect(failure == .overhead(byteCount: AnswerOverhead.maximumByteCount))
    }

    @Test func `content is not bounded`() throws {
        try ask()
        receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<1000 { receive("400\r\n" + String(repeating: "x", count: 1 << 10) + "\r\n") }
        receive("0\r\n\r\n")
        #expect(client.body.count == 1000 << 10)
        #expect(client.endCount == 1 && client.errors.isEmpty)
    }

    // MARK: Bytes behind an answer

    @Test func `what comes behind an answer is not taken for the next one`() throws {
        try ask()
        receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
        #expect(client.statuses == [200])
        #expect(client.body == Array("ok".utf8))
        #expect(client.endCount == 1)
        #expect(!client.errors.isEmpty)
    }

    @Test func `an end that the end of the connection makes`() throws {
        try ask()
        receive("HTTP/1.1 200 OK\r\n\r\nhello")
        #expect(client.endCount == 0)
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
        #expect(client.body == Array("hello".utf8))
        #expect(client.endCount == 1)
        #expect(client.errors.isEmpty)
    }
}
