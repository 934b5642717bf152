import Testing
import XetWire

@Suite struct JSONReaderTests {
    private func reader(_ json: String) -> JSONReader { JSONReader(Array(json.utf8)) }

    /// The names of an object with the text of their strings, other values left to be skipped.
    private func strings(_ json: String) throws -> [String: String?] {
        var reader = reader(json)
        var found: [String: String?] = [:]
        try reader.members { name, reader in found.updateValue(try reader.stringIfPresent()?.value, forKey: name) }
        try reader.end()
        return found
    }

    @Test func `members of an object`() throws {
        let json = #" { "a" : "1" , "b":{"a":["}",{"x":"]"}]},"c":[[],{}],"d":-1.5e+7,"e":null,"f":true,"g":"" } "#
        let found = try strings(json)
        #expect(found == ["a": "1", "b": nil, "c": nil, "d": nil, "e": nil, "f": nil, "g": ""])
        #expect(try strings("{}").isEmpty)
        #expect(try strings("{ }").isEmpty)
    }

    @Test(arguments: [
        (#""""#, ""), (#""a\"b\\c\/d""#, "a\"b\\c/d"), (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u0041""#, "A"),
        (#""\u00fc \ud83d\ude00""#, "ü 😀"), (#""ü""#, "ü"), (#""\\u0041""#, #"\u0041"#),
    ])
    func `strings`(json: String, value: String) throws {
        var reader = reader(json)
        let text = try reader.string()
        #expect(text.value == value)
        #expect(text.place == 0..<json.utf8.count)
        try reader.end()
    }

    @Test(arguments: [
        "", "\"", "\"a", #""\""#, #""\x""#, #""\u12""#, #""\ud83d""#, #""\ud83dxxxxxx""#, #""\ude00""#, "1", "a",
    ])
    func `what is no string`(json: String) {
        var reader = reader(json)
        #expect(throws: JSONReader.Failure.self) { try reader.string() }
    }

    @Test func `a string that is not UTF-8`() {
        var reader = JSONReader([UInt8(ascii: "\""), 0xFF, UInt8(ascii: "\"")])
        #expect(throws: JSONReader.Failure(offset: 0)) { try reader.string() }
    }

    @Test(arguments: [("0", 0), (" 18446744073709551615 ", UInt64.max), ("12,", 12)])
    func `numbers`(json: String, value: UInt64) throws {
        var reader = reader(json)
        #expect(try reader.number() == value)
    }

    @Test(arguments: ["", "-1", "18446744073709551616", "99999999999999999999999", "\"1\"", "x"])
    func `what is no number`(json: String) {
        var reader = reader(json)
        #expect(throws: JSONReader.Failure.self) { try reader.number() }
    }

    @Test(arguments: [
        "", "[", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{\"a\":1]",
        "{\"a\":}", "{\"a\":[}", "{\"a\":\"x}", "{\"a\":1 \"b\":2}", "[\"a\"]", "{\"a\":1}x", "{\"a\":,}", "{\"a\":?}",
    ])
    func `what is no object`(json: String) {
        #expect(throws: JSONReader.Failure.self) { try strings(json) }
    }

    @Test func `elements of an array`() throws {
        var reader = reader(#"[1, "x", [2], {"a":3}, "y"]"#)
        var texts: [String] = []
        var count = 0
        try reader.elements { reader in
            count += 1
            if let text = try reader.stringIfPresent() { texts.append(text.value) }
        }
        #expect(count == 5)
        #expect(texts == ["x", "y"])
    }

    /// Nesting costs no stack: nobody can send what overflows it.
    @Test func `deep nesting is skipped`() throws {
        let depth = 1_000_000
        let json = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        var reader = reader(json)
        try reader.skip()
        try reader.end()
    }

    @Test func `quoting`() throws {
        let text = "a\"b\\c\u{1}\n/ü"
        var reader = JSONReader(JSONReader.quoted(text))
        #expect(try reader.string().value == text)
        #expect(JSONReader.quoted("http://a/b") == Array("\"http://a/b\"".utf8))
    }
}
