/// What objects of an ``ObjectStore`` may be called: parts of `[0-9a-z.-]`, joined by `/`.
///
/// These bytes mean the same in an address, in a signature and in a list, encoded or not, and fit a file system too.
public enum ObjectName {
    /// Longest name in bytes; S3 allows 1024, its prefix included.
    public static let maximumByteCount = 512

    /// Whether a text is a name; `.` and `..` are no parts.
    public static func isValid(_ text: some StringProtocol) -> Bool {
        text.utf8.count <= maximumByteCount
            && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isPart($0) }
    }

    /// Whether a text is what names may begin with; empty for all of them.
    public static func isPrefix(_ text: some StringProtocol) -> Bool {
        text.isEmpty || isValid(text.hasSuffix("/") ? text.dropLast() : text[...])
    }

    private static func isPart(_ part: some StringProtocol) -> Bool {
        !part.isEmpty && part != "." && part != ".." && part.utf8.allSatisfy(isAllowed)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
