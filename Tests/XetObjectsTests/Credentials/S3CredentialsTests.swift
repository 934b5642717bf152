import Testing

@testable import XetObjects

@Suite struct S3CredentialsTests {
    @Test func `blanks and line ends around a key do not count`() throws {
        let credentials = try #require(S3Credentials(keyID: " A\n", secret: "b/+=\r\n", sessionToken: " t "))
        #expect(credentials.keyID == "A")
        #expect(credentials.secret == "b/+=")
        #expect(credentials.sessionToken == "t")
        #expect(S3Credentials(keyID: "A", secret: "b", sessionToken: " ")?.sessionToken == nil)
    }

    @Test(
        arguments: [
            ("", "b", nil), (" ", "b", nil), ("A", "", nil), ("A B", "b", nil), ("A", "b c", nil), ("A/B", "b", nil),
            ("A,B", "b", nil), ("A", "b\r\nHost: x", nil), ("A", "b", "t\r\nx: y"), ("Ä", "b", nil),
            ("A", "b", "t\u{0}"),
            ("A", "b", "é"), (String(repeating: "A", count: 20_000), "b", nil),
        ] as [(String, String, String?)]
    )
    func `what no header can hold is no key`(keyID: String, secret: String, token: String?) {
        #expect(S3Credentials(keyID: keyID, secret: secret, sessionToken: token) == nil)
    }

    @Test func `are not printed`() throws {
        let credentials = try #require(S3Credentials(keyID: "KEYID", secret: "SECRET", sessionToken: "TOKEN"))
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), "\([credentials])", dumped] {
            #expect(!text.contains("KEYID") && !text.contains("SECRET") && !text.contains("TOKEN"), "\(text)")
        }
    }
}
