import Testing
import XetWire

@Suite struct JSONEditsTests {
    @Test func `strings are replaced and nothing else`() throws {
        let json = Array(#"{ "a":"one", "n": 1.50e2,"b" : "two" ,"ü":[ ] }"#.utf8)
        var reader = JSONReader(json)
        var texts: [JSONReader.Text] = []
        try reader.members { _, reader in
            if let text = try reader.stringIfPresent() { texts.append(text) }
        }
        var edits = JSONEdits()
        // In any order.
        edits.replace(texts[1], with: "2\"")
        edits.replace(texts[0], with: "a much longer text")
        let result = String(decoding: edits.applied(to: json), as: UTF8.self)
        #expect(result == #"{ "a":"a much longer text", "n": 1.50e2,"b" : "2\"" ,"ü":[ ] }"#)
    }

    @Test func `without edits the text stays`() {
        let json = Array("  {}".utf8)
        #expect(JSONEdits().applied(to: json) == json)
    }
}
