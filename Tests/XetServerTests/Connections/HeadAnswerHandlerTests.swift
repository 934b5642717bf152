import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import XetServer

@Suite struct HeadAnswerHandlerTests {
    private let channel = EmbeddedChannel()

    init() throws {
        try channel.pipeline.syncOperations.addHandler(HeadAnswerHandler())
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    private func ask(_ methods: HTTPRequest.Method...) throws {
        for method in methods {
            let request = HTTPRequest(method: method, scheme: "http", authority: "a", path: "/")
            try channel.writeInbound(HTTPRequestPart.head(request))
            try channel.writeInbound(HTTPRequestPart.end(nil))
            #expect(try channel.readInbound(as: HTTPRequestPart.self) == .head(request))
            #expect(try channel.readInbound(as: HTTPRequestPart.self) == .end(nil))
        }
    }

    /// Whether an answer reaches the encoder with an end.
    private func endOfAnswer(_ status: HTTPResponse.Status = .ok, _ body: String? = nil) throws -> Bool {
        let head = HTTPResponsePart.head(HTTPResponse(status: status))
        try channel.writeOutbound(head)
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == head)
        if let body {
            let part = HTTPResponsePart.body(ByteBuffer(string: body))
            try channel.writeOutbound(part)
            #expect(try channel.readOutbound(as: HTTPResponsePart.self) == part)
        }
        // That the end was written must be known either way.
        let written = channel.eventLoop.makePromise(of: Void.self)
        channel.writeAndFlush(HTTPResponsePart.end(nil), promise: written)
        channel.embeddedEventLoop.run()
        #expect(throws: Never.self) { try written.futureResult.wait() }
        switch try channel.readOutbound(as: HTTPResponsePart.self) {
        case .end: return true
        case .body(let bytes):
            #expect(bytes.readableBytes == 0)
            return false
        case .head, nil:
            Issue.record("an answer without an end")
            return false
        }
    }

    @Test func `nothing follows the head of an answer to HEAD`() throws {
        try ask(.head)
        #expect(try !endOfAnswer())
        try ask(.head)
        #expect(try !endOfAnswer(.notFound))
    }

    @Test func `answers to other methods are ended`() throws {
        try ask(.get)
        #expect(try endOfAnswer(.ok, "abc"))
        try ask(.post)
        #expect(try endOfAnswer())
    }

    @Test func `answers belong to requests in their order`() throws {
        try ask(.head, .get, .head)
        #expect(try !endOfAnswer())
        #expect(try endOfAnswer(.ok, "abc"))
        #expect(try !endOfAnswer())
    }

    @Test func `what comes before the answer does not count`() throws {
        try ask(.head)
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .continue)))
        _ = try channel.readOutbound(as: HTTPResponsePart.self)
        #expect(try !endOfAnswer())
    }

    @Test func `an answer without a request is ended`() throws {
        #expect(try endOfAnswer(.badRequest))
    }
}
