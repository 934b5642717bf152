import Testing
import XetTestSupport

@testable import XetWire

@Suite struct AddressRewriterTests {
    private static func replaced(_ text: String) -> String? {
        text.hasPrefix("http://hub/") ? "http://proxy/" + text.dropFirst(11) : nil
    }

    private static let cases = [
        (#"{"a": "http://hub/x"}"#, #"{"a": "http://proxy/x"}"#),
        (
            #"{"a": [{"b": ["http://hub/x", "http://hub/y"]}, "http://other/"]}"#,
            #"{"a": [{"b": ["http://proxy/x", "http://proxy/y"]}, "http://other/"]}"#
        ),
        (#""http://hub/x""#, #""http://proxy/x""#), (#"["http:\/\/hub\/x"]"#, #"["http://proxy/x"]"#),
        (#"["\u0068ttp://hub/x"]"#, #"["http://proxy/x"]"#), (#"{"http://hub/x": 1}"#, #"{"http://proxy/x": 1}"#),
        (
            "{\"a\": \"http://hub/x\"}\n{\"a\": \"http://hub/y\"}\n",
            "{\"a\": \"http://proxy/x\"}\n{\"a\": \"http://proxy/y\"}\n"
        ),
        // What stays byte for byte.
        (
            #"{ "a" : "see http://hub/x", "b":1e5,"c": "h" , "d": "" }"#,
            #"{ "a" : "see http://hub/x", "b":1e5,"c": "h" , "d": "" }"#
        ),
        (#"["a\"http://hub/x", "\\"]"#, #"["a\"http://hub/x", "\\"]"#),
        (#"["\\", "http://hub/x"]"#, #"["\\", "http://proxy/x"]"#),
        (#"["h\"http://hub/x"]"#, #"["h\"http://hub/x"]"#), (#"["http://hub/x"#, #"["http://hub/x"#), ("", ""),
        (#"["http://hub/\x"]"#, #"["http://hub/\x"]"#), ("busy", "busy"), ("[\"h\\", "[\"h\\"),
    ]

    @Test(arguments: cases)
    func `in one piece`(json: String, expected: String) {
        let output = AddressRewriter.rewrite(Array(json.utf8), replacement: Self.replaced)
        #expect(String(decoding: output, as: UTF8.self) == expected)
    }

    @Test(arguments: cases)
    func `cut anywhere`(json: String, expected: String) {
        let bytes = Array(json.utf8)
        for size in 1...max(bytes.count, 1) {
            var rewriter = AddressRewriter(replacement: Self.replaced)
            var output: [UInt8] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                rewriter.consume(bytes[start..<min(start + size, bytes.count)], into: &output)
            }
            rewriter.finish(into: &output)
            #expect(String(decoding: output, as: UTF8.self) == expected, "pieces of \(size)")
        }
    }

    /// What can be no address is not kept, however long it is.
    @Test func `long strings`() {
        for start in ["x", "http://hub/"] {
            var rewriter = AddressRewriter(replacement: Self.replaced)
            var output: [UInt8] = []
            var count = 0
            rewriter.consume(Array("\"\(start)".utf8)[...], into: &output)
            let piece = Array(repeating: UInt8(ascii: "a"), count: 1000)
            for _ in 0..<1000 {
                rewriter.consume(piece[...], into: &output)
                count += 1000
                #expect(count - output.count <= 6 * HTTPAddress.maximumByteCount)
            }
            rewriter.consume(Array("\"".utf8)[...], into: &output)
            rewriter.finish(into: &output)
            #expect(output.count == count + start.utf8.count + 2)
        }
    }
}
