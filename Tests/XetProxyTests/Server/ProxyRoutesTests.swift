import Hummingbird
import Testing
import XetServerTestSupport

@testable import XetProxy

@Suite struct ProxyResponderTests {
    @Test(arguments: [
        ("/download/a/b/c.bin", "/download/a/b/c.bin"), ("/", "/"), ("/api/models/a/b", "/api/models/a/b"),
        ("/addresses/secret", "/addresses/"), ("/addresses/secret/", "/addresses/"), ("/addresses", "/addresses/"),
        ("/%61ddresses/secret", "/addresses/"), ("/xorbs/0a/secret", "/xorbs/"), ("/xorbs/0a/secret/", "/xorbs/"),
        ("/xorb%73/0a/secret", "/xorbs/"), ("/addresses/\u{301}secret", "/addresses/"),
    ])
    func `no path that gives access is logged`(path: String, logged: String) {
        #expect(Request.plain(path).loggedPath == logged)
    }
}
