/// Whole numbers, as the three languages agree on them.
enum WholeNumber {
    /// What a text in decimal digits stands for, perhaps with a sign; `nil` if it is anything else, has zeros in front that
    /// some would take for octal, or is too large.
    static func parse(_ text: some StringProtocol) -> Int? {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.utf8.dropFirst() : text.utf8[...]
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }
}
