import Testing

@testable import XetProxy

@Suite struct ForwardedElementTests {
    @Test(
        arguments: [
            ("for=192.0.2.43", nil, nil),
            ("host=hub.example", "hub.example", nil),
            ("proto=https", nil, "https"),
            ("for=192.0.2.60;proto=http;by=203.0.113.43;host=a.example", "a.example", "http"),
            ("For=\"[2001:db8::1]:4711\";HOST=\"a.example:8443\";Proto=https", "a.example:8443", "https"),
            ("host=a.example:8443;for=[2001:db8::1]:4711", "a.example:8443", nil),
            ("host=first.example, host=second.example;proto=https", "second.example", "https"),
            ("host=first.example;proto=https,for=192.0.2.1", nil, nil),
            ("for=\"a, host=evil.example\"; host=a.example", "a.example", nil),
            ("for=\"\\\"\\\\\";host=\"\\a.example\"", "a.example", nil),
            ("ext=x;host=\"\"", "", nil),
        ] as [(String, String?, String?)]
    )
    func `elements`(field: String, host: String?, scheme: String?) throws {
        let element = try #require(ForwardedElement(lastOf: field))
        #expect(element.host == host)
        #expect(element.scheme == scheme)
    }

    @Test(arguments: [
        "", " ", ",", "host", "host=", "=a", "host=a;", ";host=a", "host=a,", ",host=a", "host=a;;for=b", "host=a b",
        "host=\"a", "host=\"a\\", "host=\"a\"b", "host=a\"b\"", "host=a;host=b", "host=a;HOST=b", "host=a/b",
        "host=a@b",
        "host =a", "host= a",
        "for=\"x, for=192.0.2.1;host=\"a.example\"", "host=ünï.example", "host=\"\u{FF}\u{301}\"x",
    ])
    func `what breaks the grammar`(field: String) {
        #expect(ForwardedElement(lastOf: field) == nil)
    }
}
