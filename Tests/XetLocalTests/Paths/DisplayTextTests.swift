import Testing

@testable import XetLocal

@Suite struct DisplayTextTests {
    @Test(arguments: [
        ("plain, ünïcödé-文件-🙂", "plain, ünïcödé-文件-🙂"),
        ("cafe\u{301}", "cafe\u{301}"),
        ("line\nend\r\t", "line\\nend\\r\\t"),
        ("\u{1B}[31mred\u{7}", "\\x1b[31mred\\x07"),
        ("\u{0}\u{7F}", "\\x00\\x7f"),
        ("\u{9B}31m\u{85}", "\\u{9b}31m\\u{85}"),
        ("\u{202E}gnp.exe\u{2066}\u{200F}", "\\u{202e}gnp.exe\\u{2066}\\u{200f}"),
        ("\u{2028}\u{2029}\u{61C}", "\\u{2028}\\u{2029}\\u{61c}"),
        ("a\r\nb", "a\\r\\nb"),
        ("", ""),
    ])
    func `shows what a terminal would obey`(text: String, shown: String) {
        #expect(DisplayText.escaped(text) == shown)
        #expect(DisplayText.escaped(Array(text.utf8)) == shown)
    }

    @Test(
        arguments: [
            ([0xFF], "\\xff"),
            ([0x61, 0xC3], "a\\xc3"),
            ([0xC3, 0x61], "\\xc3a"),
            ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"),
            ([0xF4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"),
            ([0xE6, 0x96, 0x87, 0x80], "文\\x80"),
            ([0xC0, 0x80], "\\xc0\\x80"),
        ] as [([UInt8], String)]
    )
    func `shows bytes that are no UTF-8`(bytes: [UInt8], shown: String) {
        #expect(DisplayText.escaped(bytes) == shown)
    }

    @Test func `parts hold every byte`() {
        var generator = SystemRandomNumberGenerator()
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0x7C...0xFF, using: &generator) }
            let joined = UTF8Parts(bytes).flatMap { part in
                switch part {
                case .scalar(let scalar): Array(String(scalar).utf8)
                case .invalid(let byte): [byte]
                }
            }
            #expect(joined == bytes)
        }
    }

    @Test(arguments: [
        ("{\n  \"a\" : \"文\"\n}", "{\n  \"a\" : \"文\"\n}"),
        ("[\"\u{9B}1m\u{7F}\u{202E}\"]", "[\"\\u009b1m\\u007f\\u202e\"]"),
    ])
    func `JSON keeps its meaning`(text: String, shown: String) {
        #expect(DisplayText.escapedJSON(text) == shown)
    }
}
