import Testing
import XetAccess
import XetWire

@testable import XetClient

@Suite struct OutboundProxiesTests {
    /// The proxies for `http` and for `https` addresses.
    private static func chosen(_ environment: [String: String], host: String = "hub.example") throws -> [String?] {
        let proxies = try OutboundProxies { environment[$0] }
        return try ["http", "https"].map { scheme in
            proxies.proxy(for: try #require(HTTPAddress("\(scheme)://\(host)")).origin)?.description
        }
    }

    @Test(
        arguments: [
            ([:], nil, nil),
            (["HTTP_PROXY": "http://a"], "http://a", nil),
            (["http_proxy": "http://a"], "http://a", nil),
            (["HTTPS_PROXY": "http://b"], nil, "http://b"),
            (["https_proxy": "b:8080"], nil, "http://b:8080"),
            (["ALL_PROXY": "http://c"], "http://c", "http://c"),
            (["all_proxy": "http://c", "ALL_PROXY": "http://d"], "http://c", "http://c"),
            (
                [
                    "http_proxy": "http://a", "HTTP_PROXY": "http://A2", "https_proxy": "http://b",
                    "HTTPS_PROXY": "http://b2",
                ],
                "http://a", "http://b"
            ),
            (["HTTP_PROXY": "http://a", "all_proxy": "http://c"], "http://a", "http://c"),
            (["http_proxy": "", "HTTP_PROXY": "http://a"], "http://a", nil),
            (
                ["http_proxy": "http://a", "all_proxy": "socks5://unused", "https_proxy": "http://b"], "http://a",
                "http://b"
            ),
            (["ALL_PROXY": "http://c", "NO_PROXY": "hub.example"], nil, nil),
            (["ALL_PROXY": "http://c", "no_proxy": "other.example", "NO_PROXY": "*"], "http://c", "http://c"),
            (["ALL_PROXY": "http://c", "NO_PROXY": "hub.example:443"], "http://c", nil),
            (["NO_PROXY": "*"], nil, nil),
        ] as [([String: String], String?, String?)]
    )
    func `the environment`(variables: [String: String], http: String?, https: String?) throws {
        #expect(try Self.chosen(variables) == [http, https])
    }

    @Test(arguments: ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
    func `a proxy that cannot be used is named, its value is not`(variable: String) throws {
        let error = try #require(throws: XetError.self) {
            try OutboundProxies { $0 == variable ? "socks5://user:hidden@proxy" : nil }
        }
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains(variable))
        #expect(!"\(error)".contains("hidden"))
    }
}
