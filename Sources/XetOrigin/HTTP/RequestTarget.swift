import XetWire

/// The path and query of a request, decoded once.
///
/// The path is cut at its slashes before it is decoded, so an encoded slash stays inside its segment.
struct RequestTarget: Sendable {
    /// Longest target accepted, in bytes.
    static let maximumByteCount = 64 * 1024

    /// Segments of the path without empty ones at the end; the first is what follows the leading slash.
    let segments: [String]
    /// Names and values of the query, in order.
    let query: FormItems

    /// Path and query as they came.
    let text: String

    /// `nil` unless it is a path with valid escapes and without control characters.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumByteCount, text.hasPrefix("/") else { return nil }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var segments: [String] = []
        for part in parts[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let segment = PercentEncoding.decode(part), segment.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else { return nil }
            segments.append(segment)
        }
        while segments.last == "" { segments.removeLast() }
        guard let query = FormItems(parts.count == 2 ? parts[1] : "") else { return nil }
        self.segments = segments
        self.query = query
        self.text = text
    }

    /// The path without the query, for logs.
    var path: Substring { text.prefix { $0 != "?" } }
}

/// Names and values as queries and forms write them: `a=1&b=x+y`.
struct FormItems: Sendable {
    /// Most items accepted.
    static let maximumCount = 16 * 1024

    private var items: [(name: String, value: String)] = []

    /// `nil` if an escape is invalid or there are too many items.
    init?(_ text: some StringProtocol) {
        for item in text.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard items.count < Self.maximumCount, let name = Self.decode(parts[0]),
                let value = parts.count == 2 ? Self.decode(parts[1]) : ""
            else { return nil }
            items.append((name, value))
        }
    }

    /// The first value of a name.
    func first(_ name: String) -> String? {
        items.first { $0.name == name }?.value
    }

    /// All values of a name, in order.
    func all(_ name: String) -> [String] {
        items.filter { $0.name == name }.map(\.value)
    }

    /// A number that is not negative: `value` if there is none, `nil` if it is something else.
    func number(_ name: String, default value: Int) -> Int? {
        guard let text = first(name) else { return value }
        return Int(text).flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Whether the value is a yes: older clients write `True`, newer ones `true`.
    func flag(_ name: String) -> Bool {
        ["true", "1"].contains(first(name)?.lowercased())
    }

    private static func decode(_ text: some StringProtocol) -> String? {
        PercentEncoding.decode(String(text.map { $0 == "+" ? " " : $0 }))
    }
}
