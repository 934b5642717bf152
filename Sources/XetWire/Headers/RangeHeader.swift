public import XetCore

/// A `Range` request header with a single range (RFC 9110, section 14.2).
public enum RangeHeader: Hashable, Sendable {
    /// `bytes=first-last`
    case closed(HTTPByteRange)
    /// `bytes=first-`
    case from(UInt64)
    /// `bytes=-count`
    case suffix(UInt64)

    /// Parses a header value; `nil` for what a server must or may ignore: other units, several ranges, bad syntax.
    public init?(_ value: String) {
        let parts = value.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let bounds = Self.trimmed(parts[1]).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard bounds.count == 2 else { return nil }
        let (first, last) = (Self.number(bounds[0]), Self.number(bounds[1]))
        switch (bounds[0].isEmpty, bounds[1].isEmpty) {
        case (false, false):
            guard let first, let last, let range = HTTPByteRange(first: first, last: last) else { return nil }
            self = .closed(range)
        case (false, true):
            guard let first else { return nil }
            self = .from(first)
        case (true, false):
            guard let last else { return nil }
            self = .suffix(last)
        case (true, true):
            return nil
        }
    }

    /// The bytes of a representation of `byteCount` bytes that are asked for; `nil` if there are none (416).
    public func resolved(byteCount: UInt64) -> FileByteRange? {
        switch self {
        case .closed(let range):
            guard range.first < byteCount else { return nil }
            return FileByteRange(start: range.first, end: min(range.last + 1, byteCount))
        case .from(let first):
            guard first < byteCount else { return nil }
            return FileByteRange(start: first, end: byteCount)
        case .suffix(let count):
            guard count > 0, byteCount > 0 else { return nil }
            return FileByteRange(start: byteCount - min(count, byteCount), end: byteCount)
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    /// Digits only; a number too large for any file stands for the largest.
    private static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            return nil
        }
        return min(UInt64(text) ?? .max, .max - 1)
    }
}

extension Collection<HTTPByteRange> {
    /// The value of a `Range` header that asks for all of them, in this order and without blanks, as it is signed.
    public var headerValue: String {
        "bytes=" + map { "\($0.first)-\($0.last)" }.joined(separator: ",")
    }
}

/// A `Content-Range` header (RFC 9110, section 14.4).
public enum ContentRangeHeader: Hashable, Sendable {
    /// `bytes first-last/total`; the total may be unknown.
    case satisfied(HTTPByteRange, total: UInt64?)
    /// `bytes */total`, with a 416.
    case unsatisfied(total: UInt64)

    /// Parses a header value.
    public init?(_ value: String) {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let halves = parts[1].split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let total = Self.number(halves[1])
        guard total != nil || halves[1] == "*" else { return nil }
        if halves[0] == "*" {
            guard let total else { return nil }
            self = .unsatisfied(total: total)
            return
        }
        let bounds = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = Self.number(bounds[0]), let last = Self.number(bounds[1]),
            let range = HTTPByteRange(first: first, last: last)
        else { return nil }
        self = .satisfied(range, total: total)
    }

    private static func number(_ text: Substring) -> UInt64? {
        text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ? UInt64(text) : nil
    }

    /// The header value.
    public var value: String {
        switch self {
        case .satisfied(let range, let total): "bytes \(range.first)-\(range.last)/\(total.map(String.init) ?? "*")"
        case .unsatisfied(let total): "bytes */\(total)"
        }
    }
}
