import XetCore

/// Which repositories a rule means.
///
/// | text | means |
/// |---|---|
/// | `*` | all |
/// | `owner/*` | all of an owner |
/// | `*/name` | those with a name, whoever the owner |
/// | `owner/name` | one |
/// | `name` | one of the few without an owner |
/// | `datasets/...` | the same, datasets only; likewise `models/`, `spaces/`, `kernels/` and `buckets/` |
///
/// Case has no meaning, as on the Hub.
public struct RepositoryPattern: Hashable, Sendable {
    /// What one part of a name has to be.
    private enum Part: Hashable, Sendable {
        case any
        case exactly(String)

        func matches(_ text: some StringProtocol) -> Bool {
            switch self {
            case .any: true
            case .exactly(let expected): expected == text.lowercased()
            }
        }
    }

    /// `nil` for every kind.
    private let kind: RepositoryKind?
    /// Owner and name, or the name alone; empty for all.
    private let parts: [Part]

    /// Parses a pattern; `nil` if the text is none.
    public init?(_ text: some StringProtocol) {
        let kind = RepositoryKind.allCases.first { text.hasPrefix($0.plural + "/") }
        let name = kind.map { text.dropFirst($0.plural.utf8.count + 1) } ?? text[...]
        self.kind = kind
        if name == "*" {
            parts = []
            return
        }
        // With every star replaced, it has to be a name that a repository can have.
        guard let example = Repository(kind: kind ?? .model, name: Self.example(String(name))),
            // `datasets` alone most likely is a mistake for `datasets/*`.
            RepositoryKind.allCases.allSatisfy({ $0.plural != example.name })
        else { return nil }
        parts = name.segments(separatedBy: "/").map { $0 == "*" ? .any : .exactly($0.lowercased()) }
    }

    private static func example(_ name: String) -> String {
        name.segments(separatedBy: "/").map { $0 == "*" ? "any" : $0 }.joined(separator: "/")
    }

    /// Whether a repository is meant.
    func matches(_ repository: Repository) -> Bool {
        guard kind == nil || kind == repository.kind else { return false }
        if parts.isEmpty { return true }
        let names = repository.name.segments(separatedBy: "/")
        return names.count == parts.count && zip(parts, names).allSatisfy { $0.matches($1) }
    }
}
