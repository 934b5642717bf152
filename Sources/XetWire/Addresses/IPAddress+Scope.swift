import XetCore

extension IPAddress {
    /// From where an address can be reached (the registries of special-purpose addresses, RFC 6890).
    public enum Scope: Int, Hashable, Sendable, Comparable {
        /// From everywhere.
        case global
        /// From this machine, its site or its provider: loopback, private and shared addresses, test networks.
        case local
        /// From one link, or no single machine's: link-local, where clouds keep their metadata, multicast, reserved.
        case special

        public static func < (left: Scope, right: Scope) -> Bool { left.rawValue < right.rawValue }
    }

    /// From where it can be reached; of an address that carries one of IPv4, as behind a NAT64, from where that can.
    public var scope: Scope {
        if bitCount == 32 {
            return Self.scope(of: self, Self.special4, Self.local4)
        }
        return Self.carried(bits)?.scope ?? Self.scope(of: self, Self.special6, Self.local6)
    }

    /// Parses an address however C's `inet_aton` lets it be written: `127.1`, `0x7f000001`, `017700000001`, `2130706433`.
    ///
    /// Resolvers take all of these for addresses; `nil` for what is a name to them.
    public init?(anySpelling text: some StringProtocol) {
        let text = text.hasSuffix(".") ? text.dropLast() : text[...]
        if let address = IPAddress(text) {
            self = address
            return
        }
        let parts = String(text).segments(separatedBy: ".")
        guard (1...4).contains(parts.count) else { return nil }
        var numbers: [UInt32] = []
        for part in parts {
            guard let number = Self.number(part) else { return nil }
            numbers.append(number)
        }
        // The last number fills what the ones before leave.
        let last = numbers.removeLast()
        guard numbers.allSatisfy({ $0 < 256 }), numbers.isEmpty || last >> (32 - 8 * numbers.count) == 0 else {
            return nil
        }
        var bits = last
        for (index, number) in numbers.enumerated() { bits |= number << (24 - 8 * index) }
        self.init(version4: bits)
    }

    /// A number in C's notation: decimal, with `0x` hexadecimal, with `0` octal.
    private static func number(_ text: String) -> UInt32? {
        guard !text.isEmpty, !text.hasPrefix("+"), !text.hasPrefix("-") else { return nil }
        if text.lowercased().hasPrefix("0x") {
            let digits = text.dropFirst(2)
            return digits.hasPrefix("+") || digits.hasPrefix("-") ? nil : digits.isEmpty ? 0 : UInt32(digits, radix: 16)
        }
        return UInt32(text, radix: text.hasPrefix("0") ? 8 : 10)
    }

    private static func scope(of address: IPAddress, _ special: [AddressRange], _ local: [AddressRange]) -> Scope {
        if special.contains(where: { $0.contains(address) }) { return .special }
        return local.contains { $0.contains(address) } ? .local : .global
    }

    /// The IPv4 address in one of IPv6: compatible, 6to4, NAT64, Teredo.
    private static func carried(_ bits: UInt128) -> IPAddress? {
        let low = UInt32(truncatingIfNeeded: bits)
        if bits >> 32 == 0, low > 1 { return IPAddress(version4: low) }
        if bits >> 32 == 0x64_FF9B << 64 { return IPAddress(version4: low) }
        if bits >> 112 == 0x2002 { return IPAddress(version4: UInt32(truncatingIfNeeded: bits >> 80)) }
        if bits >> 96 == 0x2001_0000 { return IPAddress(version4: ~low) }
        return nil
    }

    private static let special4 = ranges(["169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"])
    private static let local4 = ranges([
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16",
        "198.18.0.0/15",
    ])
    private static let special6 = ranges(["fe80::/10", "ff00::/8", "100::/64"])
    private static let local6 = ranges(["::/127", "fc00::/7", "fec0::/10", "64:ff9b:1::/48"])

    private static func ranges(_ texts: [String]) -> [AddressRange] { texts.compactMap { AddressRange($0) } }
}
