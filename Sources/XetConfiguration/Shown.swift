/// Text from outside as it may stand in a message: one line, not too long.
enum Shown {
    private static let maximumCount = 80

    static func text(_ text: String) -> String {
        let line = String(text.map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } ? "?" : $0 })
        return line.count > maximumCount ? line.prefix(maximumCount) + "..." : line
    }
}
