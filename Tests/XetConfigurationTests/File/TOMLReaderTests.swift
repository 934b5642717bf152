import Testing

@testable import XetConfiguration

@Suite struct TOMLReaderTests {
    @Test func `all kinds of values`() throws {
        let text = #"""
            # a comment
            host = "0.0.0.0"   # another
              port=8_080
            "allow-writes" = true
            'h2c' = false
            max-body-size = '64 MiB'
            public-url = "https://example.org/a#\"b\"\\"
            """#
        let entries = try SampleEntries.read(.toml, text)
        #expect(entries.map(\.0) == SampleEntries.expected.map(\.0))
        #expect(entries.map(\.1) == SampleEntries.expected.map(\.1))
    }

    @Test(
        arguments: [
            ("a = []", []), ("a = [ ]", []), ("a = [\n# none\n]", []),
            (#"a = ["x", 'y']"#, [("x", 1), ("y", 1)]),
            ("a = [\n  \"x\", # first\n\n  'y',\n]\n", [("x", 2), ("y", 4)]),
            (#"a = ["\u00e9\U0001F600\t\""]"#, [("é😀\t\"", 1)]),
        ] as [(String, [(String, Int)])]
    )
    func lists(text: String, expected: [(String, Int)]) throws {
        let items = try #require(try SampleEntries.list(.toml, text))
        #expect(items.map(\.text) == expected.map(\.0))
        #expect(items.map(\.line) == expected.map(\.1))
    }

    @Test(arguments: [("0", 0), ("-5", -5), ("+7", 7), ("1_000", 1000), ("9223372036854775807", Int.max)])
    func numbers(text: String, expected: Int) throws {
        #expect(try SampleEntries.read(.toml, "a = \(text)").first?.1 == .integer(expected))
    }

    @Test(arguments: ["", "\n\n", "# nothing", "\u{FEFF}", "\r\n"])
    func `files without options`(text: String) throws {
        #expect(try SampleEntries.read(.toml, text).isEmpty)
    }

    @Test(arguments: [
        ("port", 1), ("port =", 1), ("port = \n8080", 1), ("= 1", 1), ("port 8080", 1), ("port: 8080", 1),
        ("\n[proxy]\nport = 1", 2), ("\n[[proxy]]", 2), ("a.b = 1", 1), ("a = {b = 1}", 1), ("a = 1 2", 1),
        ("a = \"x\" \"y\"", 1), ("a = 1\nb = 1.5", 2), ("a = 1e3", 1), ("a = 0x10", 1), ("a = 010", 1), ("a = _1", 1),
        ("a = 1_", 1), ("a = 1__0", 1), ("a = +_1", 1), ("a = 9223372036854775808", 1), ("a = TRUE", 1),
        ("a = yes", 1), ("a = x", 1), ("a = inf", 1), ("a = 2024-01-01", 1), ("a = \"x", 1), ("a = 'x", 1),
        ("a = \"x\ny\"", 1), ("a = \"\"\"x\"\"\"", 1), ("a = '''x'''", 1), (#"a = "\x""#, 1), (#"a = "\uD800""#, 1),
        (#"a = "\u12""#, 1), (#"a = "\/""#, 1), ("a = [1]", 1), ("a = [\n\"x\"\n\"y\"]", 3), ("a = [\"x\"", 1),
        ("a = [\"x\" # ]", 1), ("a = [[\"x\"]]", 1), ("a = [\"x\",,]", 1), ("a = [,]", 1), ("a = ]", 1),
        ("a = 1\nb = 2\na = 3", 3), ("\"a\" = 1\na = 3", 2), ("a = \"\u{1}\"", 1), ("a = 1\n\u{7F}", 2),
        ("a = 1\rb = 2", 1),
    ])
    func `what is refused, with its line`(text: String, line: Int) {
        #expect(SampleEntries.errorLine(.toml, text) == line)
    }

    @Test func `bytes that are no text`() {
        #expect(throws: FileError(line: 2, "this is not UTF-8")) {
            try FileFormat.toml.entries(of: Array("a = 1\nb = \"".utf8) + [0xFF] + Array("\"\n".utf8))
        }
    }
}
