import Testing
import XetTestSupport

@testable import XetServer

@Suite struct RequestIDTests {
    @Test(arguments: ["7", "Root=1-67e55044-10b1426f2247bb680e5fe0c8", String(repeating: "~", count: 128)])
    func `taken over`(text: String) throws {
        #expect(try #require(RequestID(text)).text == text)
    }

    @Test(arguments: ["", " ", "a b", "a\r\nX: y", "a\u{0}", "a\u{7F}", "ä", String(repeating: "a", count: 129)])
    func `not taken over`(text: String) {
        #expect(RequestID(text) == nil)
    }

    @Test func `made`() throws {
        var generator = SplitMix64(seed: 1)
        let made = (0..<100).map { _ in RequestID(using: &generator) }
        #expect(Set(made).count == 100)
        for id in made {
            #expect(id.text.count == 32)
            #expect(RequestID(id.text) == id)
            #expect(id.text.allSatisfy { $0.isHexDigit && !$0.isUppercase })
        }
    }
}
