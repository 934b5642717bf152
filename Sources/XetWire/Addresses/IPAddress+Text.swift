extension IPAddress: CustomStringConvertible {
    /// As everybody writes it (RFC 5952): `192.0.2.1`, `2001:db8::1`.
    public var description: String {
        if bitCount == 32 {
            return [24, 16, 8, 0].map { "\((bits >> UInt128($0)) & 0xFF)" }.joined(separator: ".")
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(16 * (7 - $0))) }
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard let gap = Self.longestGap(groups) else { return text(0..<8) }
        return text(0..<gap.lowerBound) + "::" + text(gap.upperBound..<8)
    }

    /// The first of the longest runs of zeros, if there are two at least.
    private static func longestGap(_ groups: [UInt16]) -> Range<Int>? {
        var longest = 0..<1
        var start = 0
        for (index, group) in groups.enumerated() {
            guard group == 0 else {
                start = index + 1
                continue
            }
            if index + 1 - start > longest.count { longest = start..<index + 1 }
        }
        return longest.count > 1 ? longest : nil
    }
}
