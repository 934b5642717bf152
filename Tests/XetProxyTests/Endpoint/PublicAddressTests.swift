import HTTPTypes
import NIOCore
import Testing
import XetWire

@testable import XetProxy

@Suite struct PublicAddressTests {
    private static let trusted = "10.0.0.1"
    private static let stranger = "203.0.113.9"

    /// The address for a request from `peer`, one that the proxy trusts unless said otherwise.
    private func address(
        host: String? = "proxy.internal:8080",
        _ fields: [(String, String)] = [],
        peer: String? = trusted,
        configured: HTTPAddress? = nil
    ) throws -> String? {
        var head = HTTPRequest(method: .get, scheme: nil, authority: host, path: "/acme/model")
        for (name, value) in fields {
            head.headerFields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        var values = ReloadableSettings.Values()
        values.trustedPeers = [try #require(AddressRange("10.0.0.0/8")), try #require(AddressRange("::1"))]
        let addresses = PublicAddress(configured: configured, settings: ReloadableSettings(values))
        let peer = try peer.map { try SocketAddress(ipAddress: $0, port: 4711) }
        return addresses.address(for: head, peer: peer)?.absolute
    }

    // MARK: The request alone

    @Test(arguments: [
        ("proxy.internal:8080", "http://proxy.internal:8080/"), ("proxy.internal", "http://proxy.internal/"),
        ("PROXY:80", "http://proxy/"), ("127.0.0.1:1", "http://127.0.0.1:1/"), ("[::1]:8080", "http://[::1]:8080/"),
    ])
    func `the Host header`(host: String, expected: String) throws {
        for peer in [Self.trusted, Self.stranger, nil] {
            #expect(try address(host: host, peer: peer) == expected)
        }
    }

    @Test(arguments: [
        nil, "", " ", "a b", "user@a", "a@b:80", "a/b", "a?b", "a#b", "a:b", "a:0", "a:65536", "a:80:80", "[::1",
        "ünï.example", "a\u{301}", "a\\b", "evil.example/\u{301}", "a,b", "a\"b", "<script>", "a\r\nb",
        String(repeating: "a", count: 260),
    ])
    func `hosts that are none give no address`(host: String?) throws {
        #expect(try address(host: host, peer: Self.stranger) == nil)
    }

    // MARK: Who is believed

    private static let claims = [
        ("Forwarded", "host=evil.example;proto=https"), ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "444"), ("X-Forwarded-Prefix", "/evil"),
    ]

    @Test func `strangers are not believed`() throws {
        for peer in [Self.stranger, "::2", nil] {
            #expect(try address(Self.claims, peer: peer) == "http://proxy.internal:8080/")
        }
    }

    @Test(arguments: ["10.0.0.1", "10.255.255.255", "::ffff:10.0.0.1", "::1"])
    func `trusted peers are believed`(peer: String) throws {
        #expect(try address(Self.claims, peer: peer) == "https://evil.example/")
    }

    @Test func `what is configured always wins`() throws {
        let configured = try #require(HTTPAddress("https://hub.example/xet/"))
        for peer in [Self.trusted, Self.stranger, nil] {
            for host in ["proxy.internal", nil, "a b"] {
                let found = try address(host: host, Self.claims, peer: peer, configured: configured)
                #expect(found == "https://hub.example/xet/")
            }
        }
    }

    // MARK: Forwarded

    @Test(arguments: [
        ("host=hub.example;proto=https", "https://hub.example/"),
        ("host=hub.example", "http://hub.example/"),
        ("proto=https", "https://proxy.internal:8080/"),
        ("proto=HTTPS;host=\"hub.example:8443\"", "https://hub.example:8443/"),
        ("for=192.0.2.1;host=evil.example, for=192.0.2.2;host=hub.example;proto=https", "https://hub.example/"),
    ])
    func `Forwarded`(field: String, expected: String) throws {
        #expect(try address([("Forwarded", field)]) == expected)
    }

    @Test func `of several Forwarded fields the last counts`() throws {
        let fields = [("Forwarded", "for=\"unclosed"), ("Forwarded", "host=hub.example;proto=https")]
        #expect(try address(fields) == "https://hub.example/")
    }

    @Test func `Forwarded wins over the others, if it names an address`() throws {
        let others = [("X-Forwarded-Host", "other.example"), ("X-Forwarded-Proto", "https")]
        #expect(try address(others + [("Forwarded", "host=hub.example")]) == "http://hub.example/")
        #expect(try address(others + [("Forwarded", "for=192.0.2.1")]) == "https://other.example/")
    }

    @Test(arguments: [
        "host=\"a/b\"", "host=\"user@a\"", "host=\"a b\"", "host=\"\"", "host=a;proto=ftp", "host=a;proto=javascript",
        "host=\"a\r\nX: y\"", "nonsense", "host=unclosed;for=\"", "proto=\"https://evil.example/\"",
        "host=\"a#\u{301}\"",
    ])
    func `a Forwarded that gives no address`(field: String) throws {
        #expect(try address([("Forwarded", field)]) == nil)
    }

    // MARK: X-Forwarded-...

    @Test(
        arguments: [
            ([("X-Forwarded-Proto", "https")], "https://proxy.internal:8080/"),
            ([("X-Forwarded-Host", "hub.example")], "http://hub.example/"),
            ([("X-Forwarded-Host", "hub.example"), ("X-Forwarded-Proto", "https")], "https://hub.example/"),
            (
                [("X-Forwarded-Host", "evil.example, hub.example"), ("X-Forwarded-Proto", "http,https")],
                "https://hub.example/"
            ),
            ([("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Host", "hub.example")], "http://hub.example/"),
            ([("X-Forwarded-Host", "hub.example"), ("X-Forwarded-Port", "8443")], "http://hub.example:8443/"),
            ([("X-Forwarded-Host", "hub.example:81"), ("X-Forwarded-Port", "8443")], "http://hub.example:81/"),
            ([("X-Forwarded-Host", "[::1]"), ("X-Forwarded-Port", "8443")], "http://[::1]:8443/"),
            (
                [("X-Forwarded-Host", "hub.example"), ("X-Forwarded-Port", "443"), ("X-Forwarded-Proto", "https")],
                "https://hub.example/"
            ),
            ([("X-Forwarded-Port", "8443")], "http://proxy.internal:8080/"),
            ([("X-Forwarded-Prefix", "/xet")], "http://proxy.internal:8080/xet"),
            ([("X-Forwarded-Prefix", "/xet/")], "http://proxy.internal:8080/xet"),
            ([("X-Forwarded-Prefix", "/a/b-c_d.e~f%20g")], "http://proxy.internal:8080/a/b-c_d.e~f%20g"),
            ([("X-Forwarded-Prefix", "/")], "http://proxy.internal:8080/"),
            ([("X-Forwarded-Prefix", "")], "http://proxy.internal:8080/"),
            ([("X-Forwarded-Host", ""), ("X-Forwarded-Proto", " ")], "http://proxy.internal:8080/"),
        ] as [([(String, String)], String)]
    )
    func `the older headers`(fields: [(String, String)], expected: String) throws {
        #expect(try address(fields) == expected)
    }

    @Test(arguments: [
        ("X-Forwarded-Proto", "ftp"), ("X-Forwarded-Proto", "https:"), ("X-Forwarded-Host", "a/b"),
        ("X-Forwarded-Host", "a@b"), ("X-Forwarded-Host", "a b"), ("X-Forwarded-Host", "ünï"),
        ("X-Forwarded-Prefix", "xet"), ("X-Forwarded-Prefix", "//evil.example"), ("X-Forwarded-Prefix", "/a//b"),
        ("X-Forwarded-Prefix", "/.."), ("X-Forwarded-Prefix", "/a/../b"), ("X-Forwarded-Prefix", "/a?b"),
        ("X-Forwarded-Prefix", "/a#b"), ("X-Forwarded-Prefix", "/a b"), ("X-Forwarded-Prefix", "/\"><script>"),
        ("X-Forwarded-Prefix", "/ünï"), ("X-Forwarded-Prefix", "https://evil.example/"),
        ("X-Forwarded-Prefix", "/\u{301}"),
    ])
    func `older headers that give no address`(name: String, value: String) throws {
        #expect(try address([(name, value)]) == nil)
    }

    @Test(arguments: ["0", "65536", "-1", "a", "443/x"])
    func `ports that are none give no address`(port: String) throws {
        #expect(try address(host: "hub.example", [("X-Forwarded-Port", port)]) == nil)
    }

    @Test func `a prefix can be very long, but not endless`() throws {
        #expect(try address([("X-Forwarded-Prefix", "/" + String(repeating: "a", count: 1023))]) != nil)
        #expect(try address([("X-Forwarded-Prefix", "/" + String(repeating: "a", count: 1024))]) == nil)
    }

    // MARK: Use

    @Test func `paths can be appended`() throws {
        for (prefix, expected) in [("/xet/", "https://h/xet/api"), ("/", "https://h/api"), ("", "https://h/api")] {
            let fields = [("X-Forwarded-Host", "h"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", prefix)]
            let found = try #require(try address(fields).flatMap { HTTPAddress($0) })
            #expect(found.appending("/api").absolute == expected)
        }
    }
}
