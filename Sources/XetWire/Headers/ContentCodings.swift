import XetCore

/// The codings of a body, such as `gzip` (RFC 9110, section 8.4.1), in the order in which they were applied.
///
/// Names are in lower case; `identity` is none, and `x-gzip` and `x-compress` are other names for the same.
public struct ContentCodings: Hashable, Sendable, CustomStringConvertible {
    /// The names.
    public let names: [String]

    /// Reads the values of `Content-Encoding` or `Transfer-Encoding` headers.
    public init(_ values: [String]) {
        names = values.flatMap { Self.items($0) }.map { Self.name($0) }.filter { $0 != "identity" }
    }

    /// Whether the body is as it is.
    public var isEmpty: Bool { names.isEmpty }

    /// The names, or what a line of a log has room for.
    public var description: String { String(names.joined(separator: ", ").prefix(60)) }

    /// Whether the values of `Accept-Encoding` headers name all of them, or `*`.
    ///
    /// Without such a header nothing but a body as it is will do: who did not ask for a coding may not know it.
    public func areAccepted(by values: [String]) -> Bool {
        var weights: [String: Bool] = [:]
        for item in values.flatMap({ Self.items($0) }) {
            let parts = item.segments(separatedBy: ";")
            let isRefused = parts.dropFirst().contains { Self.isZero(weight: Self.trimmed($0[...])) }
            weights[Self.name(parts.first ?? "")] = !isRefused
        }
        return names.allSatisfy { weights[$0] ?? weights["*"] ?? false }
    }

    private static func items(_ value: String) -> [String] {
        value.split(separator: ",").map { trimmed($0) }.filter { !$0.isEmpty }
    }

    private static func name(_ text: String) -> String {
        switch trimmed(text[...]).lowercased() {
        case "x-gzip": "gzip"
        case "x-compress": "compress"
        case let name: name
        }
    }

    /// Whether a parameter is `q=0`, `q=0.0` or the like.
    private static func isZero(weight: String) -> Bool {
        let text = weight.lowercased()
        guard text.hasPrefix("q=0") else { return false }
        return text.dropFirst(2).allSatisfy { $0 == "0" || $0 == "." }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
