import Testing

@testable import XetConfiguration

@Suite struct JSONFileReaderTests {
    @Test func `all kinds of values`() throws {
        let text = #"""
            {
              "host": "0.0.0.0", "port": 8080,
              "allow-writes": true, "h2c" : false
              , "max-body-size": "64 MiB",
              "public-url": "https:\/\/example.org/a#\"b\"\\"
            }
            """#
        let entries = try SampleEntries.read(.json, text)
        #expect(entries.map(\.0) == SampleEntries.expected.map(\.0))
        #expect(entries.map(\.1) == SampleEntries.expected.map(\.1))
        #expect(try FileFormat.json.entries(of: Array(text.utf8)).map(\.line) == [2, 2, 3, 3, 4, 5])
    }

    @Test(
        arguments: [
            (#"{"a": []}"#, []), (#"{"a": ["x","y"]}"#, [("x", 1), ("y", 1)]),
            ("{\"a\": [\n\"x\",\n\"y\"\n]}", [("x", 2), ("y", 3)]),
            (#"{"a": ["\u00e9\ud83d\ude00\b"]}"#, [("é😀\u{8}", 1)]),
        ] as [(String, [(String, Int)])]
    )
    func lists(text: String, expected: [(String, Int)]) throws {
        let items = try #require(try SampleEntries.list(.json, text))
        #expect(items.map(\.text) == expected.map(\.0))
        #expect(items.map(\.line) == expected.map(\.1))
    }

    @Test(arguments: ["{}", " {\n } \n"])
    func `files without options`(text: String) throws {
        #expect(try SampleEntries.read(.json, text).isEmpty)
    }

    @Test(arguments: [
        ("", 2), ("[]", 1), ("1", 1), ("{", 2), ("{\"a\"}", 1), ("{\"a\": }", 1), ("{\"a\": 1", 2), ("{\"a\": 1,}", 1),
        ("{\n\"a\": 1\n\"b\": 2}", 3), ("{a: 1}", 1), ("{'a': 1}", 1), ("{} {}", 1), ("{\"a\": null}", 1),
        ("{\"a\": {\"b\": 1}}", 1), ("{\"a\": 1.5}", 1), ("{\"a\": 1e3}", 1), ("{\"a\": 010}", 1), ("{\"a\": +1}", 1),
        ("{\"a\": 9223372036854775808}", 1), ("{\"a\": TRUE}", 1), ("{\"a\": [1]}", 1), ("{\"a\": [\"x\",]}", 1),
        ("{\"a\": [\"x\"", 2), ("{\"a\": [[\"x\"]]}", 1), ("{\"a\": \"x\ny\"}", 1), (#"{"a": "\q"}"#, 1),
        (#"{"a": "\ud83d"}"#, 1), (#"{"a": "\ud83d\u0041"}"#, 1), (#"{"a": "\ude00"}"#, 1),
        ("{\"a\": 1,\n\"a\": 2}", 2),
        ("// x\n{}", 1), ("{\"a\": NaN}", 1),
    ])
    func `what is refused, with its line`(text: String, line: Int) {
        #expect(SampleEntries.errorLine(.json, text) == line)
    }
}
