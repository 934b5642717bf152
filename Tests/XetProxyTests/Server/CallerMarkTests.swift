import Testing
import XetAccess

@testable import XetProxy

@Suite struct CallerMarkTests {
    @Test func `the same token has the same mark, another one another`() throws {
        let alice = try #require(HubToken("hf_alice"))
        let bob = try #require(HubToken("hf_bob"))
        #expect(CallerMark(alice) == CallerMark(alice))
        #expect(CallerMark(alice) != CallerMark(bob))
    }

    @Test func `a mark does not tell the token`() throws {
        let token = try #require(HubToken("hf_alice"))
        var text = ""
        dump(CallerMark(token), to: &text)
        #expect(!text.contains("alice") && !"\(CallerMark(token))".contains("alice"))
    }
}
