import BLAKE3
import Foundation

/// `Tests/Vectors/blake3.json`: digests made by the Python package blake3.
struct BLAKE3Vectors: Decodable {
    struct Case: Decodable {
        var length: Int
        var hash: String
        var keyed: String
    }

    /// 32 bytes in hex.
    var key: String
    var cases: [Case]

    static func load() throws -> BLAKE3Vectors {
        let url = URL(filePath: #filePath)
            .deletingLastPathComponent()
            .deletingLastPathComponent()
            .appending(path: "Vectors/blake3.json")
        return try JSONDecoder().decode(BLAKE3Vectors.self, from: Data(contentsOf: url))
    }

    /// The input of a given length: byte i is i mod 251.
    static func input(_ length: Int) -> [UInt8] {
        (0..<length).map { UInt8($0 % 251) }
    }
}

/// The words of 64 hex digits that give the bytes in order; nil for other text.
func parsedWords(bytesInHex text: String) -> (UInt64, UInt64, UInt64, UInt64)? {
    guard let words = parsedWords(hashText: text) else { return nil }
    return (words.0.byteSwapped, words.1.byteSwapped, words.2.byteSwapped, words.3.byteSwapped)
}

/// The words of XET's text form, four little-endian words of 16 digits each; nil for other text.
func parsedWords(hashText text: String) -> (UInt64, UInt64, UInt64, UInt64)? {
    let digits = Array(text.utf8)
    guard digits.count == 64 else { return nil }
    let words = stride(from: 0, to: 64, by: 16).compactMap {
        UInt64(String(decoding: digits[$0..<$0 + 16], as: UTF8.self), radix: 16)
    }
    guard words.count == 4 else { return nil }
    return (words[0], words[1], words[2], words[3])
}

extension BLAKE3Digest {
    /// From 64 hex digits that give the bytes in order.
    init?(bytesInHex text: String) {
        guard let (w0, w1, w2, w3) = parsedWords(bytesInHex: text) else { return nil }
        self.init(w0: w0, w1: w1, w2: w2, w3: w3)
    }

    /// From XET's text form.
    init?(hashText text: String) {
        guard let (w0, w1, w2, w3) = parsedWords(hashText: text) else { return nil }
        self.init(w0: w0, w1: w1, w2: w2, w3: w3)
    }

    var words: [UInt64] { [w0, w1, w2, w3] }
}

extension BLAKE3Key {
    /// From 64 hex digits that give the bytes in order.
    init?(bytesInHex text: String) {
        guard let words = parsedWords(bytesInHex: text) else { return nil }
        self.init(words: words)
    }
}

extension [UInt8] {
    var rawSpan: RawSpan {
        // SAFETY: UInt8 has no padding.
        @_lifetime(borrow self) get { unsafe span.bytes }
    }
}
