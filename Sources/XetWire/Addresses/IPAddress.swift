import XetCore

/// An IPv4 or IPv6 address.
///
/// An IPv4 address mapped into IPv6 (`::ffff:1.2.3.4`), as which a listener for both sees its peers, is the IPv4 address.
public struct IPAddress: Hashable, Sendable {
    /// The number of bits: 32 or 128.
    public let bitCount: Int
    /// The bits, most significant first; the low 32 of an IPv4 address.
    let bits: UInt128

    /// Parses `127.0.0.1` or `::1`; `nil` for anything else, zone identifiers and brackets included.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.maximumByteCount, text.isASCII else { return nil }
        if text.contains(":") {
            guard let bits = Self.version6(String(text)) else { return nil }
            self = bits >> 32 == 0xFFFF ? Self(version4: UInt32(truncatingIfNeeded: bits)) : Self(version6: bits)
        } else {
            guard let bits = Self.version4(String(text)) else { return nil }
            self.init(version4: bits)
        }
    }

    init(version4 bits: UInt32) {
        bitCount = 32
        self.bits = UInt128(bits)
    }

    private init(version6 bits: UInt128) {
        bitCount = 128
        self.bits = bits
    }

    /// The first address of the network that one subscriber has: the /64 of an IPv6 address, an IPv4 address itself.
    public var network: IPAddress {
        bitCount == 128 ? Self(version6: (bits >> 64) << 64) : self
    }

    /// The length of eight groups and the dots of a mapped address.
    private static let maximumByteCount = 45

    private static func version4(_ text: String) -> UInt32? {
        let parts = text.segments(separatedBy: ".")
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            // Zeros in front mean octal to some readers: such a text has no single meaning.
            guard part.utf8.count == 1 || !part.hasPrefix("0"), part.utf8.allSatisfy(isDigit), let byte = UInt8(part)
            else { return nil }
            bits = bits << 8 | UInt32(byte)
        }
        return bits
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func version6(_ text: String) -> UInt128? {
        guard let gap = text.firstRange(of: "::") else {
            guard let groups = groups(text[...]), groups.count == 8 else { return nil }
            return join(groups)
        }
        let rest = text[gap.upperBound...]
        let before = text[..<gap.lowerBound]
        guard !before.contains("."), let head = groups(before), let tail = groups(rest), head.count + tail.count < 8
        else { return nil }
        return join(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    /// The 16-bit groups between colons; the last may be an IPv4 address, which is two.
    private static func groups(_ text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.segments(separatedBy: ":")
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let bits = version4(part) else { return nil }
                groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0.hexValue != nil }),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func join(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }
}
