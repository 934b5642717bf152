import XetCore

/// Percent-encoding of URL parts (RFC 3986, section 2).
public enum PercentEncoding {
    /// Encodes one path segment or query value: everything but unreserved characters, slashes too.
    public static func encode(segment: some StringProtocol) -> String {
        encode(segment, isKept: isUnreserved)
    }

    /// Encodes a path, keeping its slashes.
    public static func encode(path: some StringProtocol) -> String {
        encode(path) { isUnreserved($0) || $0 == UInt8(ascii: "/") }
    }

    /// Encodes every byte that is not ASCII, and nothing else.
    public static func encode(nonASCII text: some StringProtocol) -> String {
        text.isASCII ? String(text) : encode(text) { $0 < 0x80 }
    }

    /// Encodes every byte that cannot stand in a path or query, and nothing else: escapes stay as they are.
    public static func encode(invalid text: some StringProtocol) -> String {
        encode(text) { isUnreserved($0) || reserved.contains($0) }
    }

    /// What has a meaning in paths and queries; `%` begins an escape.
    private static let reserved = Set("%/?:@!$&'()*+,;=".utf8)

    /// Decodes once; `nil` if a `%` is not followed by two hex digits or the bytes are not UTF-8.
    public static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func encode(_ text: some StringProtocol, isKept: (UInt8) -> Bool) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isKept(byte) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(upperHex[Int(byte >> 4)])
                encoded.append(upperHex[Int(byte & 0xF)])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let upperHex = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
