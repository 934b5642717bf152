import Testing
import XetWire

@Suite struct AddressRewritingTests {
    @Test func `strings of the outermost object`() throws {
        let json = #"{"commitUrl":"https://hub/a","n":{"commitUrl":"https://hub/b"},"name":"https","x":null}"#
        let result = try AddressRewriting.rewrite(Array(json.utf8)) { text in
            text.hasPrefix("https://hub") ? "http://proxy/a" : nil
        }
        #expect(
            String(decoding: result, as: UTF8.self)
                == #"{"commitUrl":"http://proxy/a","n":{"commitUrl":"https://hub/b"},"name":"https","x":null}"#
        )
    }

    @Test(arguments: ["[\"https://hub/a\"]", "null", "\"x\"", ""])
    func `what is no object`(json: String) throws {
        let result = try AddressRewriting.rewrite(Array(json.utf8)) { _ in "y" }
        #expect(result == Array(json.utf8))
    }
}
