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
    /// What counts as little if nobody says how much there is at all.
    private static let little = 10

    /// Seconds until there is more room, if a tenth of it is left at most; `nil` otherwise, or if no header says so.
    ///
    /// `"api";r=12;t=55` with the policy `"api";q=500;w=300`, and `limit=500, remaining=12, reset=55`.
    public static func shortage(_ headers: HTTPFields) -> Int? {
        let quotas = headers[values: .rateLimitPolicy].flatMap { items(of: $0) }.compactMap { item in
            item.parameters["q"].flatMap { Int($0) }.map { (name: item.name, count: $0) }
        }
        func isShort(_ remaining: Substring?, of quota: Int?) -> Bool {
            guard let remaining = remaining.flatMap({ Int($0) }) else { return false }
            return quota.map { remaining <= $0 / 10 } ?? (remaining <= little)
        }
        var waits: [Int] = []
        var older: [Substring: Substring] = [:]
        for item in headers[values: .rateLimit].flatMap({ items(of: $0) }) {
            guard let time = item.parameters["t"] else {
                for (name, value) in item.pairs { older[name] = value }
                continue
            }
            let quota = quotas.first { $0.name == item.name } ?? (quotas.count == 1 ? quotas.first : nil)
            if isShort(item.parameters["r"], of: quota?.count), let wait = seconds(time) { waits.append(wait) }
        }
        if isShort(older["remaining"], of: older["limit"].flatMap { Int($0) }),
            let wait = older["reset"].flatMap(seconds)
        {
            waits.append(wait)
        }
        return waits.max()
    }

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
        for item in items(of: value) {
            if let time = item.parameters["t"] {
                if let wait = seconds(time), isUsedUp(item.parameters["r"]) { found.append(wait) }
            } else {
                for (name, value) in item.pairs { older[name] = value }
            }
        }
        if let time = older["reset"], let wait = seconds(time), isUsedUp(older["remaining"]) { found.append(wait) }
        return found
    }

    private struct Item {
        /// What stands between semicolons, the first included.
        let pairs: [(Substring, Substring)]

        /// What it is called.
        ///
        /// A policy may have a description in front of it: `"fixed window";"api";q=500;w=300`.
        var name: Substring { (pairs.last { $0.1.isEmpty && $0.0.hasPrefix("\"") } ?? pairs.first)?.0 ?? "" }
        var parameters: [Substring: Substring] { Dictionary(pairs.dropFirst(), uniquingKeysWith: { _, last in last }) }
    }

    private static func items(of value: String) -> [Item] {
        value.split(separator: ",").map { item in Item(pairs: item.split(separator: ";").map { pair($0) }) }
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
