import XetCore

/// Which repositories a proxy serves.
struct RepositoryRules: Sendable {
    private let allow: [RepositoryPattern]
    private let deny: [RepositoryPattern]

    /// Without patterns in `allow` all are served, but for those in `deny`, which wins.
    init(allow: [RepositoryPattern], deny: [RepositoryPattern]) {
        self.allow = allow
        self.deny = deny
    }

    /// Whether a repository is served.
    func permits(_ repository: Repository) -> Bool {
        guard !deny.contains(where: { $0.matches(repository) }) else { return false }
        return allow.isEmpty || allow.contains { $0.matches(repository) }
    }
}
