/// Text from outside as it may stand in a message: one line, not too long, without the user and password of an address.
public enum Shown {
    private static let maximumCount = 80

    /// What is shown of a text.
    public static func text(_ text: String) -> String {
        let line = String(
            withoutCredentials(text).map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } ? "?" : $0 }
        )
        return line.count > maximumCount ? line.prefix(maximumCount) + "..." : line
    }

    /// Whatever stands before an `@` may be a secret, in an address that is misspelt too.
    private static func withoutCredentials(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let start = text[..<at].firstRange(of: "//")?.upperBound ?? text.startIndex
        return text[..<start] + "***" + text[at...]
    }
}
