import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import XetClient

@Suite struct AbsoluteFormHandlerTests {
    /// The head that leaves when this one is written.
    private func sent(_ uri: String, _ headers: HTTPHeaders, authorization: String? = nil) throws -> HTTPRequestHead {
        let channel = EmbeddedChannel(handler: AbsoluteFormHandler(authorization: authorization))
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: uri, headers: headers)
        try channel.writeOutbound(HTTPClientRequestPart.head(head))
        guard case .head(let sent)? = try channel.readOutbound(as: HTTPClientRequestPart.self) else {
            throw ChannelError.ioOnClosedChannel
        }
        #expect(try channel.finish().isClean)
        return sent
    }

    @Test(arguments: [
        ("/", "hub.example", "http://hub.example/"),
        ("/a%2Fb?c=d%26e", "hub.example:8080", "http://hub.example:8080/a%2Fb?c=d%26e"),
        ("//evil.example/", "hub.example", "http://hub.example//evil.example/"),
        ("/x", "[::1]:80", "http://[::1]:80/x"),
    ])
    func `the host comes before the path`(uri: String, host: String, expected: String) throws {
        let head = try sent(uri, ["Host": host, "Authorization": "Bearer hf_x"])
        #expect(head.uri == expected)
        #expect(head.headers == ["Host": host, "Authorization": "Bearer hf_x"])
    }

    @Test func `credentials for the proxy replace any other`() throws {
        let head = try sent("/", ["Host": "h", "Proxy-Authorization": "Basic other"], authorization: "Basic mine")
        #expect(head.headers == ["Host": "h", "Proxy-Authorization": "Basic mine"])
    }

    @Test func `bodies pass as they are`() throws {
        let channel = EmbeddedChannel(handler: AbsoluteFormHandler(authorization: nil))
        let body = ByteBuffer(string: "GET / HTTP/1.1")
        try channel.writeOutbound(HTTPClientRequestPart.body(.byteBuffer(body)))
        try channel.writeOutbound(HTTPClientRequestPart.end(nil))
        #expect(try channel.readOutbound(as: HTTPClientRequestPart.self) == .body(.byteBuffer(body)))
        #expect(try channel.readOutbound(as: HTTPClientRequestPart.self) == .end(nil))
        #expect(try channel.finish().isClean)
    }
}
