import NIOCore
import Testing
import XetWire

@testable import XetProxy

@Suite struct AddressRangeSocketAddressTests {
    @Test(arguments: [
        ("127.0.0.0/8", "127.1.2.3", true), ("127.0.0.0/8", "128.0.0.1", false), ("::1", "::1", true),
        ("10.0.0.0/8", "::ffff:10.0.0.1", true), ("10.0.0.0/8", "::10.0.0.1", false), ("fe80::/10", "fe80::1", true),
    ])
    func `peers`(range: String, peer: String, isIn: Bool) throws {
        let range = try #require(AddressRange(range))
        #expect(range.contains(try SocketAddress(ipAddress: peer, port: 4711)) == isIn)
    }

    @Test func `a peer on a Unix domain socket is in no range`() throws {
        let peer = try SocketAddress(unixDomainSocketPath: "/run/xet.sock")
        for text in ["0.0.0.0/0", "::/0"] {
            #expect(try #require(AddressRange(text)).contains(peer) == false)
        }
    }
}
