/// Strings in double quotes: the same in both languages but for some escapes.
enum QuotedText {
    /// Which escapes there are.
    enum Language {
        case toml
        case json
    }

    /// Reads a string; the cursor stands at its quote.
    static func read(_ cursor: inout TextCursor, _ language: Language) throws(FileError) -> String {
        let line = cursor.line
        cursor.take()
        var text = ""
        while !cursor.isAtLineEnd {
            text += cursor.take { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\n") }
            if cursor.take("\"") { return text }
            if cursor.take("\\") { text.unicodeScalars.append(try escape(&cursor, language)) }
        }
        throw FileError(line: line, "the string does not end in its line")
    }

    private static func escape(_ cursor: inout TextCursor, _ language: Language) throws(FileError) -> Unicode.Scalar {
        switch cursor.next {
        case UInt8(ascii: "\""): return taking(&cursor, "\"")
        case UInt8(ascii: "\\"): return taking(&cursor, "\\")
        case UInt8(ascii: "b"): return taking(&cursor, "\u{8}")
        case UInt8(ascii: "f"): return taking(&cursor, "\u{C}")
        case UInt8(ascii: "n"): return taking(&cursor, "\n")
        case UInt8(ascii: "r"): return taking(&cursor, "\r")
        case UInt8(ascii: "t"): return taking(&cursor, "\t")
        case UInt8(ascii: "/") where language == .json: return taking(&cursor, "/")
        case UInt8(ascii: "u"):
            cursor.take()
            return try language == .json ? surrogates(&cursor) : scalar(&cursor, digitCount: 4)
        case UInt8(ascii: "U") where language == .toml:
            cursor.take()
            return try scalar(&cursor, digitCount: 8)
        default:
            throw cursor.error("a backslash that begins no escape; write \\\\ for a backslash")
        }
    }

    private static func taking(_ cursor: inout TextCursor, _ scalar: Unicode.Scalar) -> Unicode.Scalar {
        cursor.take()
        return scalar
    }

    private static func scalar(_ cursor: inout TextCursor, digitCount: Int) throws(FileError) -> Unicode.Scalar {
        guard let scalar = Unicode.Scalar(try number(&cursor, digitCount: digitCount)) else {
            throw cursor.error("an escape that stands for no character")
        }
        return scalar
    }

    /// A character, or the two halves of one (RFC 8259, section 7).
    private static func surrogates(_ cursor: inout TextCursor) throws(FileError) -> Unicode.Scalar {
        let high = try number(&cursor, digitCount: 4)
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, cursor.take("\\u") else { throw cursor.error("an escape that stands for no character") }
        let low = try number(&cursor, digitCount: 4)
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { throw cursor.error("an escape that stands for no character") }
        return scalar
    }

    private static func number(_ cursor: inout TextCursor, digitCount: Int) throws(FileError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<digitCount {
            guard let byte = cursor.next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw cursor.error("an escape with fewer than \(digitCount) hexadecimal digits")
            }
            cursor.take()
            number = number << 4 | UInt32(digit)
        }
        return number
    }
}
