import Testing
import XetTestSupport
import XetWire

@Suite struct PercentEncodingTests {
    private static let unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

    @Test func `unreserved characters stay`() {
        #expect(PercentEncoding.encode(segment: Self.unreserved) == Self.unreserved)
        #expect(PercentEncoding.encode(path: Self.unreserved) == Self.unreserved)
    }

    @Test(arguments: [
        ("", ""), (" ", "%20"), ("/", "%2F"), ("%", "%25"), ("a+b", "a%2Bb"), ("?#&=", "%3F%23%26%3D"), ("ü", "%C3%BC"),
        ("\u{0}", "%00"),
        ("\r\n", "%0D%0A"), ("refs/pr/1", "refs%2Fpr%2F1"), ("😀", "%F0%9F%98%80"), ("/\u{301}", "%2F%CC%81"),
    ])
    func `segments`(text: String, encoded: String) {
        #expect(PercentEncoding.encode(segment: text) == encoded)
        #expect(PercentEncoding.decode(encoded) == text)
    }

    @Test func `paths keep their slashes`() {
        #expect(PercentEncoding.encode(path: "a b/c%/../ü") == "a%20b/c%25/../%C3%BC")
    }

    @Test(arguments: ["%", "%4", "%zz", "%4g", "a%", "%%41", "%2", "%-1", "% 1", "%+1"])
    func `a percent sign without two hex digits`(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test(arguments: ["%FF", "%C3", "%C3%28", "%ED%A0%80", "%F4%90%80%80", "%C0%AF", "%E2%82"])
    func `bytes that are not UTF-8`(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test func `decoding happens once, and leaves what is not encoded`() {
        #expect(PercentEncoding.decode("%2541") == "%41")
        #expect(PercentEncoding.decode("a+b c/ü") == "a+b c/ü")
        #expect(PercentEncoding.decode("%c3%Bc") == "ü")
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `any text comes back`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let scalars = (0..<Int.random(in: 0...50, using: &random)).compactMap { _ in
            Unicode.Scalar(UInt32.random(in: 0...0x2FFF, using: &random))
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        let text = String(view)
        let encoded = PercentEncoding.encode(segment: text)
        #expect(encoded.utf8.allSatisfy { Self.unreserved.utf8.contains($0) || $0 == UInt8(ascii: "%") })
        #expect(PercentEncoding.decode(encoded).map { Array($0.utf8) } == Array(text.utf8))
    }
}
