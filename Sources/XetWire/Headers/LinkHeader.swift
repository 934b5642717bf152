import XetCore

/// The `Link` header (RFC 8288): addresses with a relation.
public struct LinkHeader: Hashable, Sendable {
    /// One address and its relation.
    public struct Entry: Hashable, Sendable {
        /// The address as given, perhaps relative.
        public var target: String
        /// Its relation, such as `next`.
        public let relation: String

        /// Makes an entry.
        public init(target: String, relation: String) {
            self.target = target
            self.relation = relation
        }
    }

    /// The relation under which a resolve answer names the token route.
    public static let tokenRelation = "xet-auth"
    /// The relation under which a resolve answer names the reconstruction.
    public static let reconstructionRelation = "xet-reconstruction-info"
    /// The relation of the next page of a listing.
    public static let nextRelation = "next"

    /// The entries, in order.
    public var entries: [Entry]

    /// Makes a header.
    public init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// Parses a header value; what is not `<address>; rel="relation"` is left out.
    public init(parsing value: String) {
        entries = []
        guard value.isASCII else { return }
        var rest = value[...]
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            let target = rest[rest.index(after: open)..<close]
            // Parameters end where the next address begins.
            rest = rest[rest.index(after: close)...]
            let parameters = rest.prefix { $0 != "<" }
            for relation in Self.relations(in: parameters) {
                entries.append(Entry(target: String(target), relation: relation))
            }
        }
    }

    /// The header value.
    public var value: String {
        entries.map { "<\($0.target)>; rel=\"\($0.relation)\"" }.joined(separator: ", ")
    }

    /// The first address with a relation.
    public func target(_ relation: String) -> String? {
        entries.first { $0.relation == relation }?.target
    }

    /// The relations of one address, lower-case: case has no meaning, and there may be several.
    private static func relations(in parameters: Substring) -> [String] {
        for parameter in parameters.split(separator: ";") {
            let parts = parameter.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ $0 != " " }).lowercased() == "rel" else { continue }
            return parts[1].filter { $0 != "\"" && $0 != "," }.lowercased().split(separator: " ").map(String.init)
        }
        return []
    }
}
