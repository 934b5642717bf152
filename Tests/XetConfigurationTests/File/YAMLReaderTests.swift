import Testing

@testable import XetConfiguration

@Suite struct YAMLReaderTests {
    @Test func `all kinds of values`() throws {
        let text = #"""
            ---
            # a comment
            host: 0.0.0.0   # another
            port:   8080
            "allow-writes": true
            'h2c' : false
            max-body-size: 64 MiB
            public-url: "https://example.org/a#\"b\"\\"
            """#
        let entries = try SampleEntries.read(.yaml, text)
        #expect(entries.map(\.0) == SampleEntries.expected.map(\.0))
        #expect(entries.map(\.1) == SampleEntries.expected.map(\.1))
    }

    @Test(arguments: [
        ("https://example.org/a#b", "https://example.org/a#b"), ("a:b", "a:b"), ("a#b", "a#b"),
        ("fd00::/8", "fd00::/8"),
        ("10.0.0.0/8", "10.0.0.0/8"), ("10.0.0.1", "10.0.0.1"), ("10s", "10s"), ("64MiB # size", "64MiB"),
        ("a  b", "a  b"), ("'it''s'", "it's"), ("''", ""), ("\"\"", ""), (#""\u00e9\t\/""#, "é\t/"), ("'no'", "no"),
        ("'8080'", "8080"), ("-x", "-x"), ("::1", "::1"), ("?x", "?x"), ("é", "é"), ("a b'", "a b'"),
    ])
    func strings(text: String, expected: String) throws {
        #expect(try SampleEntries.read(.yaml, "a: \(text)\n").first?.1 == .string(expected))
    }

    @Test(
        arguments: [
            ("a: []", []), ("a: [ ]", []), ("a: [u, 'v', \"w\"]", [("u", 1), ("v", 1), ("w", 1)]),
            ("a: [u,\n  v, # second\n  w,\n  ]", [("u", 1), ("v", 2), ("w", 3)]),
            ("a:\n- u\n- v\n", [("u", 2), ("v", 3)]),
            ("a:\n  - u\n\n  # between\n  - 'v' # end\n", [("u", 2), ("v", 5)]),
            ("a: # list\n  -   acme/*\nb: 1", [("acme/*", 2)]),
            ("a: [acme/*, datasets/acme/*]", [("acme/*", 1), ("datasets/acme/*", 1)]),
        ] as [(String, [(String, Int)])]
    )
    func lists(text: String, expected: [(String, Int)]) throws {
        let items = try #require(try SampleEntries.list(.yaml, text))
        #expect(items.map(\.text) == expected.map(\.0))
        #expect(items.map(\.line) == expected.map(\.1))
    }

    @Test(arguments: ["", "\n\n", "# nothing", "---", "--- # start\n"])
    func `files without options`(text: String) throws {
        #expect(try SampleEntries.read(.yaml, text).isEmpty)
    }

    /// What another version of YAML, or another reader, takes for something else.
    @Test(arguments: [
        "no", "Yes", "ON", "off", "y", "N", "True", "FALSE", "null", "~", "010", "0x1F", "0o17", "0b1", "1_000", "1.5",
        "-1.5", "1e3", ".5", "5.", ".inf", "-.INF", ".nan", "1:30", "2024-01-01", "2024-01-01 10:00:00",
        "9223372036854775808",
        "2001:db8::1", "+1.", "-.5",
    ])
    func `scalars that are not the same to everybody`(text: String) {
        #expect(SampleEntries.errorLine(.yaml, "x: 1\na: \(text)") == 2)
        #expect(SampleEntries.errorLine(.yaml, "a:\n - \(text)") == 2)
        #expect(SampleEntries.errorLine(.yaml, "a: ['\(text)', \"\(text)\"]") == nil)
    }

    @Test(arguments: [
        ("port", 1), ("port 8080", 1), ("port:8080", 1), (": 1", 1), (" port: 1", 1), ("\tport: 1", 1), ("port:", 1),
        ("port: # nothing", 1), ("port:\n\nhost: x", 1), ("port:\n  8080", 1), ("proxy:\n  port: 1", 1),
        ("a: x\n  y", 2), ("a: b: c", 1), ("a: b:", 1), ("a: *b", 1), ("a: &b c", 1), ("a: !!str c", 1),
        ("a: |\n  x", 1),
        ("a: >-\n  x", 1), ("a: {b: 1}", 1), ("a: @b", 1), ("a: `b`", 1), ("a: %b", 1), ("a: ? b", 1), ("a: [::1]", 1),
        ("a: [?x]", 1), ("a: :", 1),
        ("a: - b", 1), ("a: , b", 1), ("a: \"x", 1), ("a: 'x", 1), ("a: \"x\ny\"", 1), ("a: \"x\" y", 1),
        ("a: \"x\"#y", 1),
        (#"a: "\q""#, 1), ("- a", 1), ("a: 1\n- b", 2), ("a: [x", 1), ("a: [x\ny]", 2), ("a: [x y: z]", 1),
        ("a: [x: ]", 1),
        ("a: [x:, y]", 1), ("a: [[x]]", 1), ("a: [{x}]", 1), ("a: [*]", 1), ("a: [1]", 1), ("a: [true]", 1),
        ("a: [x] y", 1),
        ("a: [,]", 1), ("a: [x,,y]", 1), ("a:\n- 1", 2), ("a:\n  - x\n - y", 3), ("a:\n  - x\n   - y", 3),
        ("a:\n  -\n", 2),
        ("a:\n  - b: c", 2), ("a:\n  - - x", 2), ("a: 1\na: 2", 2), ("a: 1\n---\nb: 2", 2), ("---\n---\n", 2),
        ("a: 1\n...\n", 2),
        ("%YAML 1.2\n---\n", 1), ("? a", 1), ("a: '\u{1}'", 1), ("a: x\t: y", 1),
    ])
    func `what is refused, with its line`(text: String, line: Int) {
        #expect(SampleEntries.errorLine(.yaml, text) == line)
    }
}
