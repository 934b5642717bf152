/// The directives of a `Cache-Control` field (RFC 9111, section 5.2).
struct CacheControl: Hashable, Sendable {
    /// As they were written; `nil` if the field breaks the grammar, so that nobody knows what it says.
    private let directives: [String]?

    /// Parses the values of the field, which are one list.
    init(_ values: [String]) {
        var directives: [String] = []
        var isQuoted = false
        var isEscaped = false
        for value in values {
            var directive = ""
            for character in value {
                if character == ",", !isQuoted {
                    directives.append(directive)
                    directive = ""
                    continue
                }
                if character == "\"", !isEscaped { isQuoted.toggle() }
                isEscaped = isQuoted && character == "\\" && !isEscaped
                directive.append(character)
            }
            directives.append(directive)
        }
        self.directives =
            isQuoted ? nil : directives.map { Self.trimmed($0) }.filter { !$0.isEmpty }
    }

    /// The value with which no shared cache keeps the answer; what is stricter stays.
    var forOneCaller: String {
        guard let directives else { return "private, no-store" }
        let kept = directives.filter { !Self.isForSharedCaches($0) }
        let isPrivate = kept.contains { ["private", "no-store"].contains($0.lowercased()) }
        return ((isPrivate ? [] : ["private"]) + kept).joined(separator: ", ")
    }

    /// Whether a request wants what is kept, and nothing else (section 5.2.1.7).
    var isOnlyIfCached: Bool { directives?.contains { $0.lowercased() == "only-if-cached" } ?? false }

    /// Whether a directive speaks to shared caches; `private="..."` is about some headers only.
    private static func isForSharedCaches(_ directive: String) -> Bool {
        let name = trimmed(String(directive.prefix { $0 != "=" })).lowercased()
        let isQualified = directive.contains("=")
        return ["proxy-revalidate", "public", "s-maxage"].contains(name) || name == "private" && isQualified
    }

    private static func trimmed(_ text: String) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = text.drop(while: isBlank)
        return start.lastIndex { !isBlank($0) }.map { String(start[...$0]) } ?? ""
    }
}
