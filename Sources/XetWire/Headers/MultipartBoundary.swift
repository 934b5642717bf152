/// What separates the parts of a `multipart/byteranges` body (RFC 9110, section 14.6; RFC 2046, section 5.1.1).
public struct MultipartBoundary: Hashable, Sendable {
    /// Longest boundary.
    public static let maximumByteCount = 70

    /// What stands behind the two dashes of a delimiter.
    public let text: String

    /// Takes a boundary; `nil` if it is empty, too long, not printable ASCII, or ends with a blank.
    ///
    /// Characters that RFC 2046 leaves out are in use, and do no harm.
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumByteCount, !text.hasSuffix(" "),
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        self.text = text
    }

    /// Reads a `Content-Type`; `nil` if it is of another type, or has not one boundary.
    ///
    /// A value without quotes may hold characters that need them.
    public init?(contentType value: String) {
        var rest = Array(value.utf8)[...]
        let type = rest.prefix { $0 != UInt8(ascii: ";") }
        guard String(decoding: Self.trimmed(type), as: UTF8.self).lowercased() == "multipart/byteranges" else {
            return nil
        }
        rest = rest[type.endIndex...]
        var found: [String] = []
        while rest.popFirst() != nil {
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
            rest = rest[name.endIndex...]
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest.removeFirst()
            guard let value = Self.takeValue(&rest) else { return nil }
            if String(decoding: Self.trimmed(name), as: UTF8.self).lowercased() == "boundary" {
                found.append(String(decoding: value, as: UTF8.self))
            }
        }
        guard found.count == 1 else { return nil }
        self.init(found[0])
    }

    /// Takes a value up to the next semicolon; `nil` for quotes that do not end.
    private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let value = rest.prefix { $0 != UInt8(ascii: ";") }
        let plain = trimmed(value)
        guard plain.first == UInt8(ascii: "\"") else {
            rest = rest[value.endIndex...]
            return plain
        }
        rest = rest[(plain.startIndex + 1)...]
        var unquoted: ArraySlice<UInt8> = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                let between = rest.prefix { $0 != UInt8(ascii: ";") }
                guard trimmed(between).isEmpty else { return nil }
                rest = rest[between.endIndex...]
                return unquoted
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                unquoted.append(escaped)
            default: unquoted.append(byte)
            }
        }
        return nil
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes
    }
}
