import Testing
import XetTestSupport
import XetWire

@Suite struct Base64URLTests {
    /// RFC 4648, section 10, without padding; and the two digits that differ from plain Base64.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"), ("~~~???", "fn5-Pz8_"),
    ])
    func `vectors`(text: String, encoded: String) {
        #expect(Base64URL.encode(Array(text.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(text.utf8))
    }

    @Test func `all bytes`() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 151 + count) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
    }

    /// Two texts for the same bytes would be two URLs with one signature.
    @Test(arguments: ["Z", "Zh", "Zm9", "Zg==", "Zg=", "Zm9v\n", "Zm 9v", "fn5+", "Pz8/", "Zm9vY", "ü", "Zg%3D"])
    func `other texts`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
