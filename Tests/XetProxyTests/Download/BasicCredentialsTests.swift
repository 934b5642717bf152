import Foundation
import Testing
import XetAccess

@testable import XetProxy

@Suite struct BasicCredentialsTests {
    private func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    @Test(arguments: [
        ("user:hf_a", "hf_a"), (":hf_a", "hf_a"), ("hf_a:", "hf_a"), ("hf_a:x-oauth-basic", "hf_a"),
        ("user:hf_a:b", "hf_a:b"), ("user::hf_a", ":hf_a"), ("jürgen:hf_a", "hf_a"), ("user name:hf_a", "hf_a"),
        ("__token__:hf_a", "hf_a"), ("x-oauth-basic:hf_a", "hf_a"), ("hf_a:X-OAUTH-BASIC", "X-OAUTH-BASIC"),
    ])
    func `the password is the token, or the user where there is none`(text: String, token: String) throws {
        #expect(try BasicCredentials(encoded(text)).token.secret == token)
    }

    @Test func `a user that is no UTF-8 does not matter`() throws {
        let bytes: [UInt8] = [0xFF, 0xFE] + Array(":hf_a".utf8)
        #expect(try BasicCredentials(Data(bytes).base64EncodedString()).token.secret == "hf_a")
    }

    @Test func `long ones`() throws {
        let token = String(repeating: "a", count: 60_000)
        #expect(try BasicCredentials(encoded("user:\(token)")).token.secret == token)
    }

    @Test(arguments: ["", " ", "%%%", "user:hf_a", "dXNlcjpoZl9", "dXNl cjpoZl9h", "dXNlcjpoZl-_"])
    func `what is no base64`(text: String) {
        #expect(reason(text)?.contains("not base64") == true)
    }

    @Test(arguments: ["user", "hf_a", "\u{0}", "ü"])
    func `what has no colon`(text: String) {
        #expect(reason(encoded(text))?.contains("no colon") == true)
    }

    @Test(arguments: [":", ":x-oauth-basic", "user:hf ä", "user: ", "user:a b", "user:a\r\nX: y", "ü:", "user:\u{0}"])
    func `what holds no token`(text: String) {
        #expect(reason(encoded(text))?.contains("no token") == true)
    }

    private func reason(_ text: String) -> String? {
        let error = #expect(throws: XetError.self) { try BasicCredentials(text) }
        #expect(error?.code == .unauthorized)
        return error?.message
    }
}
