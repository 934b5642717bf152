/// Text that others chose, made safe to print on a terminal.
package enum DisplayText {
    /// `text` with its control characters written as escapes; line ends are such characters too.
    package static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) { result += escape(scalar) } else { result.unicodeScalars.append(scalar) }
        }
        return result
    }

    /// The same for bytes; those that are no UTF-8 become escapes as well.
    package static func escaped(_ bytes: some Collection<UInt8>) -> String {
        var result = ""
        for part in UTF8Parts(bytes) {
            switch part {
            case .scalar(let scalar): result += escaped(String(Character(scalar)))
            case .invalid(let byte): result += "\\x" + hex(byte)
            }
        }
        return result
    }

    /// A JSON text with the same meaning; in one the other control characters are escaped already.
    package static func escapedJSON(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value >= 0x7F && isControl($0) }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar.value >= 0x7F, isControl(scalar) {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// What moves the cursor, colours, hides or reorders: controls, line separators, marks of direction.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default:
            scalar.value < 0x80 ? "\\x" + hex(UInt8(scalar.value)) : "\\u{\(String(scalar.value, radix: 16))}"
        }
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

/// Bytes as the characters that they encode in UTF-8, and the bytes between that encode none.
package struct UTF8Parts<Bytes: Collection<UInt8>>: Sequence, IteratorProtocol {
    package enum Part: Hashable {
        case scalar(Unicode.Scalar)
        case invalid(UInt8)
    }

    private var rest: Bytes.SubSequence

    package init(_ bytes: Bytes) {
        rest = bytes[...]
    }

    package mutating func next() -> Part? {
        guard let first = rest.first else { return nil }
        var parser = Unicode.UTF8.ForwardParser()
        var bytes = rest.makeIterator()
        if case .valid(let encoded) = parser.parseScalar(from: &bytes) {
            rest = rest.dropFirst(encoded.count)
            return .scalar(Unicode.UTF8.decode(encoded))
        }
        rest = rest.dropFirst()
        return .invalid(first)
    }
}
