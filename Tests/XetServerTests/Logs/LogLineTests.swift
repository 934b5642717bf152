import Testing

@testable import XetServer

@Suite struct LogLineTests {
    private func line(_ value: String) -> LogLine {
        var line = LogLine()
        line.append("a", .text(value))
        line.append("n", .literal("5"))
        return line
    }

    @Test(arguments: [
        ("plain", "a=plain n=5"), ("", #"a="" n=5"#), ("two words", #"a="two words" n=5"#), ("k=v", #"a="k=v" n=5"#),
        ("a\"b", #"a="a\"b" n=5"#), ("a\\b", #"a="a\\b" n=5"#), ("a\nlevel=error", #"a="a\nlevel=error" n=5"#),
        ("\r\t\u{1B}[31m", #"a="\r\t\u001b[31m" n=5"#), ("a\u{2028}b\u{85}", #"a="a\u2028b\u0085" n=5"#),
        ("ü", "a=ü n=5"),
        ("\n\u{301}", "a=\"\\n\u{301}\" n=5"), ("a\u{202E}b", #"a="a\u202eb" n=5"#),
        ("a\u{2066}b\u{2069}", #"a="a\u2066b\u2069" n=5"#), ("\u{200F}\u{61C}\u{FEFF}", #"a="\u200f\u061c\ufeff" n=5"#),
        ("\u{E0001}\u{E000}", #"a="\udb40\udc01\ue000" n=5"#), ("日本 é 🙂", "a=\"日本 é 🙂\" n=5"),
    ])
    func `logfmt`(value: String, text: String) {
        #expect(Array(line(value).text(.logfmt).utf8) == Array(text.utf8))
    }

    @Test(arguments: [
        ("plain", #"{"a":"plain","n":5}"#), ("", #"{"a":"","n":5}"#), ("a\"b\\c", #"{"a":"a\"b\\c","n":5}"#),
        ("a\nb\u{0}", #"{"a":"a\nb\u0000","n":5}"#), ("a\u{2029}", #"{"a":"a\u2029","n":5}"#),
    ])
    func `JSON`(value: String, text: String) {
        #expect(Array(line(value).text(.json).utf8) == Array(text.utf8))
    }

    @Test func `names cannot end`() {
        var line = LogLine()
        line.append("a b=\"\n", .text("x"))
        #expect(line.text(.logfmt) == "a_b___=x")
    }

    @Test(arguments: LogFormat.allCases)
    func `long values are cut`(format: LogFormat) {
        let text = line(String(repeating: "x", count: 10_000)).text(format)
        #expect(text.utf8.count < LogLine.maximumValueCount + 50)
        #expect(text.contains("xxx...\""))
    }
}
