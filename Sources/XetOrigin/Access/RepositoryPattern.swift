import XetCore

/// Which repositories a rule means: `models/owner/name`, any part of which may be `*`, or `*` alone for all.
struct RepositoryPattern: Hashable, Sendable {
    /// `nil` for any.
    private let kind: RepositoryKind?
    private let owner: String?
    private let name: String?

    /// `nil` if the text is no pattern.
    init?(_ text: String) {
        if text == "*" {
            (kind, owner, name) = (nil, nil, nil)
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        let kind = RepositoryKind.versioned.first { $0.plural == parts[0] }
        guard kind != nil || parts[0] == "*" else { return nil }
        self.kind = kind
        owner = parts[1] == "*" ? nil : parts[1]
        name = parts[2] == "*" ? nil : parts[2]
    }

    func matches(_ repository: Repository) -> Bool {
        let parts = repository.name.split(separator: "/")
        guard parts.count == 2 else { return false }
        return (kind ?? repository.kind) == repository.kind && (owner.map { $0 == parts[0] } ?? true)
            && (name.map { $0 == parts[1] } ?? true)
    }
}
