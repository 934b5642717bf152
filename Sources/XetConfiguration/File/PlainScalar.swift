/// What text without quotes may be in YAML.
enum PlainScalar {
    /// Indicators (YAML 1.2, section 5.3); some may begin a plain scalar in some places, which is too much to remember.
    static let cannotBegin = Set("[]{},#&*!|>'\"%@`".utf8)
    /// Indicators that begin one if no blank follows; in a flow list only the first, as not all readers take the others.
    static let canBeginUnlessAlone = Set("-?:".utf8)

    private static let words: Set<String> = ["null", "~", "true", "false", "yes", "no", "on", "off", "y", "n", ""]
    private static let numberBytes = Set("0123456789+-._:abcdefxoABCDEF".utf8)

    /// Whether some version of YAML takes the text for something else than a string: an empty value, a boolean, a number, a
    /// time.
    static func isAmbiguous(_ text: String) -> Bool {
        if words.contains(text.lowercased()) { return true }
        guard let first = text.utf8.first, "0123456789+-.".utf8.contains(first) else { return false }
        if isVersion4Address(text) { return false }
        if text.lowercased().hasSuffix(".inf") || text.lowercased().hasSuffix(".nan") { return true }
        let date = text.utf8.prefix(5)
        if date.count == 5, date.last == UInt8(ascii: "-"), date.prefix(4).allSatisfy(isDigit) { return true }
        return text.utf8.contains(where: isDigit) && text.utf8.allSatisfy { numberBytes.contains($0) }
    }

    private static func isVersion4Address(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(isDigit) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
