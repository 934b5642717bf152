import Testing
import XetWire

@testable import XetClient

@Suite struct ProxyExceptionsTests {
    @Test(arguments: [
        ("*", "http://any.example"), ("a.example,*", "https://b.example:8443"),
        ("hub.example", "https://hub.example"), ("hub.example", "http://hub.example:8080"),
        ("Hub.Example", "https://HUB.example"), ("hub.example.", "https://hub.example"),
        ("hub.example", "https://hub.example."), ("example", "https://hub.example"),
        ("hub.example", "https://cas.hub.example"), (".hub.example", "https://cas.hub.example"),
        (".hub.example", "https://hub.example"), ("*.hub.example", "https://cas.hub.example"),
        ("a.example,hub.example", "https://hub.example"), ("a.example hub.example", "https://hub.example"),
        (" , a.example ,\thub.example , ", "https://hub.example"),
        ("hub.example:8443", "https://hub.example:8443"), ("hub.example:443", "https://hub.example"),
        (".hub.example:80", "http://cas.hub.example"), ("localhost", "http://localhost:9000"),
        ("127.0.0.1", "http://127.0.0.1:9000"), ("127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("10.0.0.0/8", "http://10.1.2.3"), ("10.0.0.0/8:80", "http://10.1.2.3"), ("0.0.0.0/0", "http://203.0.113.9"),
        ("::1", "http://[::1]:9000"), ("[::1]", "http://[::1]:9000"), ("[::1]:9000", "http://[0:0::1]:9000"),
        ("fd00::/8", "http://[fd12::1]"), ("*:8080", "http://any.example:8080"),
    ])
    func `hosts that are asked directly`(list: String, address: String) throws {
        #expect(ProxyExceptions(list).contain(try #require(HTTPAddress(address)).origin))
    }

    @Test(arguments: [
        ("", "https://hub.example"), (",", "https://hub.example"), (".", "https://hub.example"),
        ("*.", "https://hub.example"), ("hub.example", "https://example"), ("hub.example", "https://thehub.example"),
        ("hub.example", "https://hub.example.evil.example"), (".hub.example", "https://thehub.example"),
        ("hub.example:8443", "https://hub.example"), ("hub.example:80", "https://hub.example"),
        ("hub.example:x", "https://hub.example"), ("hub.example:", "https://hub.example"),
        ("hub.example:70000", "https://hub.example"), ("127.0.0.1:1", "http://127.0.0.1:9000"),
        ("127.0.0.1", "http://localhost"), ("localhost", "http://127.0.0.1"), ("10.0.0.0/8", "http://11.0.0.1"),
        ("10.0.0.0/99", "http://10.0.0.1"), ("0.1", "http://127.0.0.1"), (".1", "http://127.0.0.1"),
        ("::/0", "http://127.0.0.1"), ("0.0.0.0/0", "http://[::1]"), ("[::1", "http://[::1]"),
        ("*:8080", "http://any.example"), ("http://hub.example", "http://hub.example"),
        ("*hub.example", "http://hub.example"),
    ])
    func `hosts that are not`(list: String, address: String) throws {
        #expect(ProxyExceptions(list).contain(try #require(HTTPAddress(address)).origin) == false)
    }
}
