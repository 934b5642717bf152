import AsyncHTTPClient
import Testing

@testable import XetClient

@Suite struct OutboundProxyTests {
    @Test(
        arguments: [
            ("http://proxy.example:3128", "http://proxy.example:3128", nil),
            ("http://proxy.example:3128/", "http://proxy.example:3128", nil),
            ("HTTP://Proxy.Example", "http://proxy.example", nil),
            ("proxy.example:3128", "http://proxy.example:3128", nil),
            ("proxy.example", "http://proxy.example", nil),
            ("127.0.0.1:1", "http://127.0.0.1:1", nil),
            ("http://[::1]:3128", "http://[::1]:3128", nil),
            ("http://user:word@proxy:3128", "http://proxy:3128", "user:word"),
            ("user:word@proxy:3128", "http://proxy:3128", "user:word"),
            ("http://user@proxy", "http://proxy", "user:"),
            ("http://user:@proxy", "http://proxy", "user:"),
            ("http://:word@proxy", "http://proxy", ":word"),
            ("http://us%40er:p%3A%2Fw%25:x@proxy", "http://proxy", "us@er:p:/w%:x"),
            ("http://user:w@rd@proxy", "http://proxy", "user:w@rd"),
            ("http://%C3%BCser:w%C3%B6rd@proxy", "http://proxy", "üser:wörd"),
        ] as [(String, String, String?)]
    )
    func `addresses of proxies`(text: String, origin: String, credentials: String?) throws {
        let proxy = try #require(OutboundProxy(text))
        #expect(proxy.description == origin)
        #expect(proxy.authorization?.headerValue == credentials.map { "Basic " + Self.base64($0) })
    }

    @Test(arguments: [
        "", "http://", "http://:3128", "https://proxy:3128", "socks5://proxy:1080", "socks5h://proxy", "ftp://proxy",
        "http://proxy:0", "http://proxy:65536", "http://proxy:port", "http://proxy/path", "http://proxy?x",
        "http://proxy#x",
        "http://user:pa/ss@proxy", "http://user:%zz@proxy", "http://%ff@proxy", "http://us%3Aer:x@proxy", "pro xy",
        "http://proxy\n", "http://user:word@", "http://ünï.example", "http://proxy/\u{301}",
    ])
    func `what is no proxy`(text: String) {
        #expect(OutboundProxy(text) == nil)
    }

    @Test func `credentials are never printed`() throws {
        let proxy = try #require(OutboundProxy("http://user:hidden@proxy:3128"))
        let proxies = OutboundProxies(http: proxy, https: proxy)
        var dumped = ""
        dump(proxy, to: &dumped)
        dump(proxies, to: &dumped)
        let secret = Self.base64("user:hidden")
        for text in ["\(proxy)", String(reflecting: proxy), "\(proxies)", String(reflecting: proxies), dumped] {
            #expect(!text.contains("hidden") && !text.contains(secret), "\(text)")
        }
    }

    /// RFC 4648, section 4.
    private static func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: 3).map { start in
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            let digits = (0...group.count).map { String(alphabet[bits >> (18 - 6 * $0) & 63]) }
            return digits.joined() + String(repeating: "=", count: 3 - group.count)
        }.joined()
    }
}
