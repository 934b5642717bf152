import Testing
import XetTestSupport

@testable import XetWire

@Suite struct ListFilteringTests {
    @Test(arguments: [
        (#"[{"id": "a"}, {"id":"b", "x": [1, {}]} ]"#, #"[{"id": "a"},{"id":"b", "x": [1, {}]}]"#),
        (#"[{"id": "denied"}, {"id": "a"}]"#, #"[{"id": "a"}]"#), ("[]", "[]"), (" [ ] ", "[]"),
        (#"[{"id": "a", "modelId": "denied"}]"#, "[]"), (#"[{"id": "a", "id": "denied"}]"#, "[]"),
        (#"[{"id": "\u0064enied"}, {"name": "a"}, "a", 5, null, ["a"]]"#, "[]"),
    ])
    func `what is kept`(json: String, expected: String) throws {
        let filtered = try ListFiltering.filter(Array(json.utf8)) { !$0.contains("denied") }
        #expect(String(decoding: filtered, as: UTF8.self) == expected)
    }

    @Test(arguments: ["", "{}", "[", #"[{"id": 5}]"#, #"[{"id": "a"}] x"#, #"{"models": [{"id": "denied"}]}"#])
    func `what is no list`(json: String) {
        #expect(throws: JSONReader.Failure.self) { try ListFiltering.filter(Array(json.utf8)) { _ in true } }
    }
}
