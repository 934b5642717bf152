import XetCore

/// An entity tag (RFC 9110, section 8.8.3).
public struct EntityTag: Hashable, Sendable {
    /// Whether it only promises equivalence.
    public let isWeak: Bool
    /// The text between the quotes.
    public let opaque: String

    /// A strong tag.
    public init(strong opaque: String) {
        isWeak = false
        self.opaque = opaque
    }

    /// Parses a header value; quotes may be missing, as some servers leave them out. `nil` for other bytes than ASCII.
    public init?(_ value: some StringProtocol) {
        guard value.isASCII else { return nil }
        var rest = Substring(value)
        isWeak = rest.hasPrefix("W/")
        if isWeak { rest.removeFirst(2) }
        if rest.count >= 2, rest.first == "\"", rest.last == "\"" {
            rest = rest.dropFirst().dropLast()
        }
        guard !rest.isEmpty, rest.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") }) else {
            return nil
        }
        opaque = String(rest)
    }

    /// The header value.
    public var value: String { "\(isWeak ? "W/" : "")\"\(opaque)\"" }

    /// Whether both are strong and equal, as ranges need.
    public func matchesStrongly(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && opaque == other.opaque
    }
}
