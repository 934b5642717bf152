/// The header `traceparent`: `version-trace-parent-flags`, each in lower-case hex.
///
/// Source: W3C Trace Context, section 3.2.
package struct TraceParent: Hashable, Sendable {
    /// Longest value that is taken: of a version that is not known yet, more may follow the flags.
    private static let maximumByteCount = 256

    /// The header value, as it came.
    package let value: String
    /// The 32 hex digits that all parts of a trace share.
    package let traceID: String

    /// Checks a header value; `nil` if it is none.
    package init?(_ value: String) {
        guard value.utf8.count <= Self.maximumByteCount else { return nil }
        let fields = value.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard fields.count >= 4,
            Self.isHex(fields[0], count: 2), fields[0] != "ff",
            Self.isHex(fields[1], count: 32), fields[1].contains(where: { $0 != "0" }),
            Self.isHex(fields[2], count: 16), fields[2].contains(where: { $0 != "0" }),
            Self.isHex(fields[3], count: 2),
            // Version 0 has these four and no more; what later ones add has to be printable.
            fields.count == 4 || fields[0] != "00",
            value.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.value = value
        traceID = fields[1]
    }

    private static func isHex(_ text: some StringProtocol, count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
