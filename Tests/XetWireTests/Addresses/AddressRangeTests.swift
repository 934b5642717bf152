import Testing
import XetWire

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0", true), ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("10.0.0.0/8", "9.255.255.255", false), ("10.1.2.3/8", "10.200.0.1", true),
        ("172.16.0.0/12", "172.31.255.255", true), ("172.16.0.0/12", "172.32.0.0", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false), ("::/0", "203.0.113.9", false),
        ("::/0", "2001:db8::1", true), ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.0", false),
        ("127.0.0.1/32", "127.0.0.1", true), ("127.0.0.1/31", "127.0.0.0", true), ("::1", "::1", true),
        ("::1/128", "::", false), ("::1/127", "::", true), ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::", false),
        ("2001:db8::/33", "2001:db8:7fff::", true), ("2001:db8::/33", "2001:db8:8000::", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("::ffff:10.0.0.0/8", "10.1.1.1", true),
    ])
    func `which addresses are in a range`(range: String, address: String, isIn: Bool) throws {
        let range = try #require(AddressRange(range))
        #expect(range.contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/ 8",
        "10.0.0.0/255.0.0.0", "10/8", "10.0.0/8", "::/129", "::/0000", "localhost", "*", "10.0.0.0/٨",
        "10.0.0.0/99999999999999999999", "::ffff:10.0.0.0/104",
    ])
    func `what is no range`(text: String) {
        #expect(AddressRange(text) == nil)
    }
}
