import Testing
import XetWire

@Suite struct HTTPAddressCredentialsTests {
    @Test(arguments: [
        ("https://user:token@hub.example/path", "https://hub.example/path", "user", "token"),
        ("http://user@hub.example:8080", "http://hub.example:8080/", "user", ""),
        ("https://:token@[::1]:80/a?b#c", "https://[::1]:80/a?b", "", "token"),
        ("https://a%40b:p%3A%2F@hub.example", "https://hub.example/", "a@b", "p:/"),
        ("https://u:p@ss:w@hub.example", "https://hub.example/", "u", "p@ss:w"),
    ])
    func `who stands in an address`(text: String, address: String, user: String, password: String) throws {
        let parts = try #require(HTTPAddress.split(text))
        #expect(parts.address.absolute == address)
        let credentials = try #require(parts.credentials)
        #expect(credentials.user == user)
        #expect(credentials.password == password)
        var dumped = "\(credentials)"
        dump(credentials, to: &dumped)
        #expect(password.isEmpty || !dumped.contains(password))
    }

    @Test(arguments: ["https://hub.example/a@b", "http://hub.example?a@b", "https://hub.example"])
    func `nobody`(text: String) throws {
        let parts = try #require(HTTPAddress.split(text))
        #expect(parts.credentials == nil)
        #expect(parts.address == HTTPAddress(text))
    }

    @Test(arguments: [
        "", "hub.example", "user:token@hub.example", "ftp://u:p@hub.example", "https://u:p@",
        "https://u%zz:p@hub.example",
        "https://u:%ff@hub.example", "https://u:p@hub example", "https://u\nv:p@hub.example",
        "https://u:p q@hub.example",
    ])
    func `what is no address`(text: String) {
        #expect(HTTPAddress.split(text) == nil)
    }
}
