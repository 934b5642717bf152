public import HTTPTypes

extension HTTPField.Name {
    /// How much room is left (draft-ietf-httpapi-ratelimit-headers).
    public static let rateLimit = known("RateLimit")
    /// How much room there is at all.
    public static let rateLimitPolicy = known("RateLimit-Policy")
    /// Seconds until there is room again, in older versions of the draft.
    static let rateLimitReset = known("RateLimit-Reset")
}

/// What `RateLimit` headers say about when to come back.
public enum RateLimitHeader {
    /// Longer times are taken for this: a day.
    static let maximumWait = 86_400

    /// Seconds until there is room again; `nil` if no header says that there is none now.
    ///
    /// All versions of the draft are read: `"api";r=0;t=55`, `limit=5, remaining=0, reset=55`, and `RateLimit-Reset: 55`.
    /// Of several limits that are used up the last to be free counts.
    public static func wait(_ headers: HTTPFields) -> Int? {
        let waits = headers[values: .rateLimit].flatMap { Self.waits($0) }
        return waits.max() ?? headers[.rateLimitReset].flatMap { seconds($0[...]) }
    }

    private static func waits(_ value: String) -> [Int] {
        var found: [Int] = []
        // The older form has no parameters: its items together are one limit.
        var older: [Substring: Substring] = [:]
        for item in value.split(separator: ",") {
            let parts = item.split(separator: ";").map { pair($0) }
            let parameters = Dictionary(parts.dropFirst(), uniquingKeysWith: { _, last in last })
            if let time = parameters["t"] {
                if let wait = seconds(time), isUsedUp(parameters["r"]) { found.append(wait) }
            } else {
                for (name, value) in parts { older[name] = value }
            }
        }
        if let time = older["reset"], let wait = seconds(time), isUsedUp(older["remaining"]) { found.append(wait) }
        return found
    }

    private static func pair(_ text: Substring) -> (Substring, Substring) {
        let halves = text.split(separator: "=", maxSplits: 1)
        return (trimmed(halves.first ?? ""), halves.count == 2 ? trimmed(halves[1]) : "")
    }

    /// A limit of which nothing is said may be the one.
    private static func isUsedUp(_ remaining: Substring?) -> Bool {
        remaining.flatMap { Int($0) }.map { $0 <= 0 } ?? true
    }

    private static func seconds(_ text: Substring) -> Int? {
        let digits = trimmed(text)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            return nil
        }
        return min(Int(digits) ?? maximumWait, maximumWait)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
