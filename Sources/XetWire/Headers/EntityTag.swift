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

    /// Parses a header value; quotes may be missing, as some servers leave them out.
    ///
    /// `nil` for other bytes than ASCII.
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

    /// Parses a list, such as that of `If-None-Match`; what is no tag is left out.
    public static func list(_ value: String) -> [EntityTag] {
        var isQuoted = false
        // A comma may stand inside a tag.
        let parts = value.utf8.split { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: ",") && !isQuoted
        }
        return parts.compactMap { part in
            var text = Substring(part)
            while text.first == " " || text.first == "\t" { text.removeFirst() }
            while text.last == " " || text.last == "\t" { text.removeLast() }
            return EntityTag(text)
        }
    }

    /// The header value.
    public var value: String { "\(isWeak ? "W/" : "")\"\(opaque)\"" }

    /// Whether both are strong and equal, as ranges need.
    public func matchesStrongly(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && opaque == other.opaque
    }

    /// Whether they are equal but for that, as caches need.
    public func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }
}
