/// What tells one request from all others, in logs and to servers upstream: `X-Request-Id`.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
    /// Most bytes of one that a client chose.
    package static let maximumByteCount = 128

    /// The text, which is short and printable.
    package let text: String

    /// Takes over what a client sent; `nil` if it is empty, too long, or has other than visible ASCII characters.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= Self.maximumByteCount,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        self.text = text
    }

    /// Makes a new one: 32 hex digits.
    package init(using generator: inout some RandomNumberGenerator) {
        text = [generator.next(), generator.next()].map { (word: UInt64) in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    package var description: String { text }
}
