import XetCore

extension [UInt8] {
    /// Two lower-case hex digits per byte.
    package var hexText: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }, as: UTF8.self)
    }

    /// `nil` unless the text is pairs of hex digits.
    package init?(hexText: String) {
        let digits = Array(hexText.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index].hexValue, let low = digits[index + 1].hexValue else { return nil }
            append(high << 4 | low)
        }
    }
}
