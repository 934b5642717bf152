import Testing
import XetWire

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", 32), ("127.0.0.1", 32), ("255.255.255.255", 32), ("::", 128), ("::1", 128), ("1::", 128),
        ("2001:db8::8:800:200c:417a", 128), ("2001:DB8:0:0:8:800:200C:417A", 128), ("1:2:3:4:5:6:7::", 128),
        ("::2:3:4:5:6:7:8", 128), ("1:2:3:4:5:6:1.2.3.4", 128), ("64:ff9b::1.2.3.4", 128),
        ("0000:0000:0000:0000:0000:0000:255.255.255.254", 128),
    ])
    func `addresses`(text: String, bitCount: Int) throws {
        #expect(try #require(IPAddress(text)).bitCount == bitCount)
    }

    @Test(arguments: [
        ("::1", "0:0:0:0:0:0:0:1"), ("1::", "1:0:0:0:0:0:0:0"), ("FE80::A", "fe80:0::000a"),
        ("::ffff:10.1.2.3", "10.1.2.3"), ("::ffff:a01:203", "10.1.2.3"), ("::1.2.3.4", "::102:304"),
    ])
    func `spellings of one address`(text: String, other: String) throws {
        #expect(try #require(IPAddress(text)) == #require(IPAddress(other)))
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::ffff:10.1.2.3", "10.1.2.3"), ("0:0:0:0:0:0:0:1", "::1"), ("::", "::"),
        ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"), ("1:0:0:4:5:0:0:8", "1::4:5:0:0:8"), ("fe80::", "fe80::"),
    ])
    func `texts`(text: String, shown: String) throws {
        #expect(try #require(IPAddress(text)).description == shown)
    }

    @Test(arguments: [("127.0.0.1", "127.0.0.2"), ("::1", "::2"), ("0.0.0.1", "::1"), ("1::", "::1")])
    func `different addresses`(text: String, other: String) throws {
        #expect(try #require(IPAddress(text)) != #require(IPAddress(other)))
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "01.2.3.4", "0x7f.0.0.1", "1.2.3.", ".1.2.3",
        "1.2.3.-4",
        "1.2.3.+4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/8", "localhost", "1.2.3.٤",
        ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4::5:6:7:8", "::12345", "::g", ":1::",
        "1:", "::1%eth0", "[::1]", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::", "::-1", "::+1", "::1\u{301}",
        "0000:0000:0000:0000:0000:0000:0255.255.255.254",
    ])
    func `what is no address`(text: String) {
        #expect(IPAddress(text) == nil)
    }
}
