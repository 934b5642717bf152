/// Reads the XML that stores answer: elements, text, the five entities and numeric ones.
///
/// Attributes, which are namespaces there, are passed over. All else that XML has, comments and document types among it, is
/// refused: no store sends it, and much of it is a danger.
struct S3XML {
    /// The text is no such XML.
    struct Failure: Error, Hashable, CustomStringConvertible {
        /// Offset in bytes.
        let offset: Int

        var description: String { "not the expected XML at byte \(offset)" }
    }

    /// How deep elements may stand in others; lists have four.
    static let maximumDepth = 16
    /// A list of 1000 objects, with a dozen elements for each, has fewer.
    static let maximumElementCount = 1 << 15
    /// `&#x10FFFF;` and then some.
    private static let maximumEntityByteCount = 12

    private let bytes: [UInt8]
    private var position = 0
    private var elementCount = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The element that a text is.
    static func parse(_ bytes: [UInt8]) throws(Failure) -> S3Element {
        var reader = S3XML(bytes)
        return try reader.document()
    }

    private mutating func document() throws(Failure) -> S3Element {
        // Stores send blanks while they copy, so that the connection stays open.
        skipBlanks()
        if isAt("<?xml") { try skip(past: "?>") }
        skipBlanks()
        var open: [S3Element] = []
        while true {
            if let last = open.indices.last, peek != UInt8(ascii: "<") {
                open[last].text += try text()
                continue
            }
            let closed: S3Element
            if isAt("</") {
                closed = try endTag(of: open.popLast())
            } else {
                let (element, isEmpty) = try startTag()
                guard isEmpty else {
                    guard open.count < Self.maximumDepth else { throw failure }
                    open.append(element)
                    continue
                }
                closed = element
            }
            guard let last = open.indices.last else {
                skipBlanks()
                guard position == bytes.count else { throw failure }
                return closed
            }
            open[last].children.append(closed)
        }
    }

    // MARK: Tags

    private mutating func startTag() throws(Failure) -> (element: S3Element, isEmpty: Bool) {
        try expect("<")
        let element = S3Element(name: try name())
        elementCount += 1
        guard elementCount <= Self.maximumElementCount else { throw failure }
        while true {
            let hadBlank = skipBlanks()
            if isAt("/>") {
                position += 2
                return (element, true)
            }
            if isAt(">") {
                position += 1
                return (element, false)
            }
            guard hadBlank else { throw failure }
            try skipAttribute()
        }
    }

    private mutating func endTag(of element: S3Element?) throws(Failure) -> S3Element {
        try expect("</")
        guard let element, try name() == element.name else { throw failure }
        skipBlanks()
        try expect(">")
        return element
    }

    private mutating func skipAttribute() throws(Failure) {
        _ = try name()
        skipBlanks()
        try expect("=")
        skipBlanks()
        guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw failure }
        position += 1
        while let byte = peek, byte != quote {
            guard byte != UInt8(ascii: "<") else { throw failure }
            position += 1
        }
        guard peek == quote else { throw failure }
        position += 1
    }

    private mutating func name() throws(Failure) -> String {
        let start = position
        while let byte = peek, Self.isName(byte) { position += 1 }
        guard position > start else { throw failure }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // MARK: Text

    /// Text up to the next tag.
    private mutating func text() throws(Failure) -> String {
        let start = position
        var decoded: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "<") {
            if byte == UInt8(ascii: "&") {
                decoded += String(try entity()).utf8
            } else {
                guard byte >= 0x20 || Self.isBlank(byte) else { throw failure }
                decoded.append(byte)
                position += 1
            }
        }
        guard peek != nil, let text = String(validating: decoded, as: UTF8.self) else { throw Failure(offset: start) }
        return text
    }

    private mutating func entity() throws(Failure) -> Unicode.Scalar {
        let rest = bytes[position...].prefix(Self.maximumEntityByteCount)
        guard let end = rest.firstIndex(of: UInt8(ascii: ";")) else { throw failure }
        let name = String(decoding: rest[(position + 1)..<end], as: UTF8.self)
        guard let scalar = Self.scalar(name) else { throw failure }
        position = end + 1
        return scalar
    }

    private static func scalar(_ name: String) -> Unicode.Scalar? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#") else { return nil }
            let isHex = name.hasPrefix("#x")
            let digits = name.dropFirst(isHex ? 2 : 1)
            // `+1` is a number to Swift.
            guard digits.first != "+", digits.first != "-", let number = UInt32(digits, radix: isHex ? 16 : 10),
                number > 0
            else { return nil }
            return Unicode.Scalar(number)
        }
    }

    // MARK: Bytes

    private var failure: Failure { Failure(offset: position) }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func isAt(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func expect(_ text: String) throws(Failure) {
        guard isAt(text) else { throw failure }
        position += text.utf8.count
    }

    private mutating func skip(past text: String) throws(Failure) {
        while !isAt(text) {
            guard position < bytes.count else { throw failure }
            position += 1
        }
        position += text.utf8.count
    }

    @discardableResult
    private mutating func skipBlanks() -> Bool {
        let start = position
        while let byte = peek, Self.isBlank(byte) { position += 1 }
        return position > start
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
