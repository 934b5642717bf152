import XetAccess
import XetCore
public import XetWire

/// Which repositories a proxy serves, by the lists that hold at the moment.
struct RepositoryRules: Sendable {
    /// What the lists say of a path.
    enum Verdict: Hashable, Sendable {
        case permitted
        /// The path is about this repository, or about nobody knows which.
        case refused(Repository?)
        /// The path can be read in two ways: it is permitted unless the Hub has one of these, which are not served.
        case unless([Repository])
    }

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
        return !values.denies(repository) && values.allows(repository)
    }

    /// What the lists say of a path; what it lists, or names in its body, has yet to be asked about.
    func verdict(_ subject: RepositorySubject) -> Verdict {
        let values = settings.values
        guard !values.allow.isEmpty || !values.deny.isEmpty else { return .permitted }
        switch subject {
        case .none, .list, .body: return .permitted
        case .unknown: return .refused(nil)
        case .readings(let likely, let possible):
            if let denied = (likely + possible).first(where: values.denies) { return .refused(denied) }
            let others = likely.filter { !values.allows($0) }
            if others.isEmpty { return .permitted }
            return others.count == likely.count ? .refused(others.first) : .unless(others)
        }
    }

    /// Throws `.forbidden` unless the proxy itself may go where an answer of the Hub sends it.
    ///
    /// What is not below the Hub's address is no repository of it.
    func check(_ address: HTTPAddress, of hub: HTTPAddress) throws {
        guard exist, address.origin == hub.origin else { return }
        let path = AddressMap.path(of: address, below: hub)
        let subject = path.map { RepositorySubject(path: String($0)) } ?? .unknown
        guard case .readings = subject, verdict(subject) == .permitted else {
            throw XetError(.forbidden, "this proxy does not serve what the Hub redirects to")
        }
    }
}

extension ReloadableSettings {
    /// Throws `.forbidden` unless the lists permit what is at an address that the Hub redirects to.
    public func check(_ address: HTTPAddress, of hub: HTTPAddress) throws {
        try RepositoryRules(self).check(address, of: hub)
    }
}

extension ReloadableSettings.Values {
    fileprivate func denies(_ repository: Repository) -> Bool {
        repository.spellings.contains { spelling in deny.contains { $0.matches(spelling) } }
    }

    fileprivate func allows(_ repository: Repository) -> Bool {
        allow.isEmpty || repository.spellings.allSatisfy { spelling in allow.contains { $0.matches(spelling) } }
    }
}

extension Repository {
    /// The repository, and those that a Hub takes it for which ignores what Git puts behind a name.
    fileprivate var spellings: [Repository] {
        var spellings = [self]
        while let last = spellings.last, last.name.lowercased().hasSuffix(".git"),
            let shorter = Repository(kind: kind, name: String(last.name.dropLast(4)))
        {
            spellings.append(shorter)
        }
        return spellings
    }
}
