import HTTPTypes
import NIOCore
import Testing
import XetAccess
import XetTestSupport
import XetWire

@testable import XetProxy

@Suite struct ClientKeyTests {
    private let trusted = ["10.0.0.0/8", "fd00::/8"].compactMap { AddressRange($0) }

    private func key(_ headers: HTTPFields = [:], peer: String) throws -> ClientKey {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "proxy", path: "/", headerFields: headers)
        return ClientKey(addressOf: head, peer: try SocketAddress(ipAddress: peer, port: 1), trustedPeers: trusted)
    }

    private func network(_ text: String) throws -> ClientKey { .network(try #require(IPAddress(text))) }

    @Test(arguments: ["Bearer hf_one", "Bearer hf_two", "Basic dXNlcjpoZl9h", "x"])
    func `a token says nothing of the address`(value: String) throws {
        #expect(try key([.authorization: value], peer: "192.0.2.1") == network("192.0.2.1"))
    }

    @Test func `the address of the connection`() throws {
        #expect(try key(peer: "192.0.2.1") == network("192.0.2.1"))
        #expect(try key(peer: "::ffff:192.0.2.1") == network("192.0.2.1"))
    }

    @Test func `one IPv6 subscriber has one network`() throws {
        #expect(try key(peer: "2001:db8:1:2::3") == network("2001:db8:1:2::"))
        #expect(try key(peer: "2001:db8:1:2:ffff::") == network("2001:db8:1:2::"))
        #expect(try key(peer: "2001:db8:1:3::3") == network("2001:db8:1:3::"))
    }

    @Test func `a stranger's headers are not believed`() throws {
        #expect(try key([.xForwardedFor: "198.51.100.7"], peer: "192.0.2.1") == network("192.0.2.1"))
        #expect(try key([.forwarded: "for=198.51.100.7"], peer: "192.0.2.1") == network("192.0.2.1"))
    }

    @Test(arguments: [
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7, 10.1.1.1", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::1]:4711", "2001:db8::"),
        ("203.0.113.9, unknown", "10.2.2.2"),
        ("203.0.113.9, unknown, 10.1.1.1", "10.1.1.1"),
        ("", "10.2.2.2"),
    ])
    func `the nearest address that is no proxy's counts`(_ field: String, _ client: String) throws {
        #expect(try key([.xForwardedFor: field], peer: "10.2.2.2") == network(client))
    }

    @Test(arguments: [
        ("for=198.51.100.7", "198.51.100.7"),
        ("for=203.0.113.9, for=\"198.51.100.7:80\";proto=https", "198.51.100.7"),
        ("for=\"[2001:db8::1]:4711\"", "2001:db8::"),
        ("for=_hidden", "10.2.2.2"),
        ("for=198.51.100.7;;", "10.2.2.2"),
    ])
    func `the standard header is understood`(_ field: String, _ client: String) throws {
        #expect(try key([.forwarded: field], peer: "10.2.2.2") == network(client))
    }
}
