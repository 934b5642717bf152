import Testing
import XetWire

@Suite struct HTTPAddressTests {
    // MARK: Parsing

    @Test(arguments: [
        ("http://a", false, "a", 80, "/"), ("https://a", true, "a", 443, "/"),
        ("HTTPS://Hub.Example:8443/x", true, "hub.example", 8443, "/x"),
        ("http://a:80/", false, "a", 80, "/"), ("http://a:/x", false, "a", 80, "/x"),
        ("http://a?x=1", false, "a", 80, "/?x=1"),
        ("http://a#x", false, "a", 80, "/"), ("http://a/b?c=d#e", false, "a", 80, "/b?c=d"),
        ("http://127.0.0.1:1", false, "127.0.0.1", 1, "/"),
        ("http://[::1]/x", false, "::1", 80, "/x"), ("https://[2001:DB8::1]:65535", true, "2001:db8::1", 65535, "/"),
        ("http://a/?u=http://b/", false, "a", 80, "/?u=http://b/"), ("http://a//b", false, "a", 80, "//b"),
        ("http://a/%2e%2e/%zz", false, "a", 80, "/%2e%2e/%zz"),
    ])
    func `absolute addresses`(text: String, isSecure: Bool, host: String, port: Int, target: String) throws {
        let address = try #require(HTTPAddress(text))
        #expect(address.origin.isSecure == isSecure)
        #expect(address.origin.host == host)
        #expect(address.origin.port == port)
        #expect(address.target == target)
        #expect(HTTPAddress(address.absolute) == address)
    }

    @Test(arguments: [
        "", "a", "/a", "//a/b", "hub.example", "hub.example:443", "ftp://a/", "file:///etc/passwd",
        "javascript:alert(1)", "http:", "http:/a",
        "http:a", "http://", "http:///x", "http://?x", "http://:80/", "http://[]/", "http://[::1", "http://[::1]x/",
        "http://[::1]x:80/",
        "http://::1/", "http://a:b/", "http://a:0/", "http://a:65536/", "http://a:-1/", "http://a:80:80/",
        "http://a:8 0/", "ws://a/",
    ])
    func `what is no address`(text: String) {
        #expect(HTTPAddress(text) == nil)
    }

    @Test(arguments: [
        "http://user@a/", "http://user:pass@a/", "http://@a/", "http://a@b:80/",
        "https://hub.example:443@evil.example/", "http://a%40b@c/",
    ])
    func `users are refused`(text: String) {
        #expect(HTTPAddress(text) == nil)
    }

    @Test(arguments: [
        "http://a/ b", "http://a /", " http://a/", "http://a/\n", "http://a/\r\nHost: b", "http://a/\t",
        "http://a/\u{0}", "http://a/\u{7F}",
    ])
    func `blanks and control characters are refused`(text: String) {
        #expect(HTTPAddress(text) == nil)
    }

    /// A combining mark after a delimiter makes another character of it, but not other bytes.
    @Test(arguments: [
        "http://evil.example/\u{301}.hub.example/", "http://evil.example?\u{301}.hub.example/",
        "http://evil.example#\u{301}.hub.example/",
    ])
    func `combining marks hide no delimiter`(text: String) throws {
        #expect(try #require(HTTPAddress(text)).origin.host == "evil.example")
    }

    @Test(arguments: [
        "http://user@\u{301}evil.example/", "http://a:\u{301}80/", "http://hub.e\u{301}xample/", "http:/\u{301}/a/",
        "http://[::1]\u{301}/",
    ])
    func `combining marks have no place before the path`(text: String) {
        #expect(HTTPAddress(text) == nil)
    }

    @Test func `bare bytes beyond ASCII are encoded`() {
        #expect(HTTPAddress("http://a/ü?x=é#ö")?.absolute == "http://a/%C3%BC?x=%C3%A9")
    }

    @Test(arguments: [
        "http://a\\b/", "http://a\\@b/", "http://a%2fb/", "http://a<b>/", "http://a\"b/", "http://h\u{FF0F}b/",
        "http://ｅvil.example/", "http://a;b/", "http://a,b/", "http://[hub.example]/",
    ])
    func `hosts have no odd characters`(text: String) {
        #expect(HTTPAddress(text) == nil)
    }

    @Test func `ports are digits`() {
        #expect(HTTPAddress("http://a:+80/") == nil)
        #expect(HTTPAddress("http://a:0080/")?.origin.port == 80)
    }

    @Test func `very long addresses are refused`() {
        let text = "http://a/" + String(repeating: "x", count: HTTPAddress.maximumByteCount - 9)
        #expect(HTTPAddress(text) != nil)
        #expect(HTTPAddress(text + "x") == nil)
    }

    // MARK: Origins

    @Test(arguments: [
        ("http://a/x", "http://A:80/y", true), ("https://a", "https://a:443", true), ("http://a", "https://a", false),
        ("http://a:443", "https://a", false),
        ("http://a", "http://a.b", false), ("http://a", "http://a:81", false), ("http://a", "http://a.", false),
        ("http://[::1]", "http://[::1]:80", true),
    ])
    func `origins`(one: String, other: String, isEqual: Bool) throws {
        let (first, second) = (try #require(HTTPAddress(one)), try #require(HTTPAddress(other)))
        #expect((first.origin == second.origin) == isEqual)
    }

    @Test func `how they print`() throws {
        #expect(HTTPAddress("http://A:80/x?secret=1")?.description == "http://a/x")
        #expect(HTTPAddress("http://A:80/x?secret=1")?.absolute == "http://a/x?secret=1")
        #expect(HTTPAddress("https://[::1]:443/")?.description == "https://[::1]/")
        #expect(HTTPAddress("https://[::1]:80/")?.origin.description == "https://[::1]:80")
    }

    // MARK: References

    private static let base = "https://hub.example/a/b/c?old=1"

    @Test(arguments: [
        ("https://other.example/x", "https://other.example/x"), ("HTTP://other.example", "http://other.example/"),
        ("//other.example/x", "https://other.example/x"),
        ("/x?y=1", "https://hub.example/x?y=1"), ("/x#y", "https://hub.example/x"), ("x", "https://hub.example/a/b/x"),
        ("x/y?z=1", "https://hub.example/a/b/x/y?z=1"),
        ("?new=2", "https://hub.example/a/b/c?new=2"), ("/a:b", "https://hub.example/a:b"),
        ("./a:b", "https://hub.example/a/b/./a:b"), ("x?u=a:b", "https://hub.example/a/b/x?u=a:b"),
    ])
    func `references`(reference: String, expected: String) throws {
        let base = try #require(HTTPAddress(Self.base))
        #expect(base.resolving(reference)?.absolute == expected)
    }

    @Test(arguments: [
        "", "javascript:alert(1)", "ftp://other.example/", "mailto:a@b", "http:x", "https:/x", "//",
        "//user@other.example/", "///x", "http://", "a:b/c",
        "/x y", "/x\r\n", "//[::1", "data:,x",
    ])
    func `what is no reference`(reference: String) throws {
        let base = try #require(HTTPAddress(Self.base))
        #expect(base.resolving(reference) == nil)
    }

    @Test func `a reference keeps scheme and port`() throws {
        let base = try #require(HTTPAddress("http://[::1]:8080/a"))
        #expect(base.resolving("//b/x")?.absolute == "http://b/x")
        #expect(base.resolving("/x")?.absolute == "http://[::1]:8080/x")
        #expect(base.resolving("x")?.absolute == "http://[::1]:8080/x")
    }

    /// Whatever a server sends as `Location`, no reference without a host of its own leads to another origin.
    @Test(arguments: [
        "/\\evil.example/", "\\\\evil.example/", "\\/evil.example", "/@evil.example/", "@evil.example", ".evil.example",
        "%2F%2Fevil.example", "/%2F/evil.example",
        "/\u{301}/evil.example", "?@evil.example/", "/..//evil.example/", "..//evil.example",
    ])
    func `relative references stay with the origin`(reference: String) throws {
        let base = try #require(HTTPAddress(Self.base))
        if let resolved = base.resolving(reference) {
            #expect(resolved.origin == base.origin)
            #expect(HTTPAddress(resolved.absolute)?.origin == base.origin)
        }
    }

    // MARK: Appending

    @Test(arguments: [
        ("http://a", "/x", "http://a/x"), ("http://a/", "/x", "http://a/x"), ("http://a/", "x", "http://a/x"),
        ("http://a/b", "/x?y", "http://a/b/x?y"),
        ("http://a/b/", "/x", "http://a/b/x"), ("http://a/b?c=d", "/x", "http://a/b/x"),
        ("http://a/b", "", "http://a/b/"),
    ])
    func `appending`(base: String, path: String, expected: String) throws {
        #expect(try #require(HTTPAddress(base)).appending(path).absolute == expected)
    }
}
