import XetCore

/// Which repositories a proxy serves, by the lists that hold at the moment.
struct RepositoryRules: Sendable {
    private let settings: ReloadableSettings

    /// Without patterns in `allow` all are served, but for those in `deny`, which wins.
    init(_ settings: ReloadableSettings) {
        self.settings = settings
    }

    /// Whether the rules leave any repository out.
    var exist: Bool {
        let values = settings.values
        return !values.allow.isEmpty || !values.deny.isEmpty
    }

    /// Whether a repository is served.
    func permits(_ repository: Repository) -> Bool {
        let values = settings.values
        guard !values.deny.contains(where: { $0.matches(repository) }) else { return false }
        return values.allow.isEmpty || values.allow.contains { $0.matches(repository) }
    }
}
