import XetCore
import XetWire

/// Which repositories a path of the proxy may be about: what the lists of those that are served ask.
///
/// It reads a path as any Hub might, not as the proxy routes it: with names in either case, with slashes that were
/// encoded, with words of the API that are names of repositories as well.
enum RepositorySubject: Hashable, Sendable {
    /// None, and the answer names none.
    case none
    /// One of them: `likely` by the words of the API that are known, `possible` if the Hub knows others.
    case readings(likely: [Repository], possible: [Repository])
    /// All of a kind: the answer names some.
    case list
    /// Those that the body of the request names.
    case body
    /// Nobody knows.
    case unknown

    /// What an encoded path is about; its query has no part in it.
    init(encodedPath: some StringProtocol) {
        guard let segments = try? EndpointTarget.segments(of: encodedPath) else {
            self = .unknown
            return
        }
        if EndpointTarget.ownTarget(segments) ?? EndpointTarget.casTarget(segments) != nil {
            self = .none
            return
        }
        let parts = segments.flatMap { $0.segments(separatedBy: "/") }
        switch parts.first {
        case "api": self = Self.api(parts.dropFirst())
        case "v2": self = Self.registry(parts.dropFirst())
        default: self = Self.content(parts[...])
        }
    }

    /// A repository that the Hub asks about itself, below its own address.
    init(path: String) {
        self.init(encodedPath: path.prefix { $0 != "?" })
    }

    // MARK: The API

    private static func api(_ parts: ArraySlice<String>) -> RepositorySubject {
        guard let first = parts.first?.lowercased() else { return .unknown }
        if first == "repos" { return .body }
        if HubVerbs.general.contains(first) { return .none }
        let path = first == "resolve-cache" ? parts.dropFirst() : parts
        guard let kind = RepositoryKind.allCases.first(where: { $0.plural == path.first?.lowercased() }) else {
            return .unknown
        }
        let names = Array(path.dropFirst())
        if first == "resolve-cache" { return cached(names, kind) }
        guard kind.hasRevisions else {
            // Without a name it is a list of the owner's; and `me` is whoever asks.
            guard names.count >= 2 else { return .list }
            return names[0].lowercased() == "me" ? .unknown : readings(kind, likely: [names.prefix(2)])
        }
        guard names.count >= 2 else { return names.isEmpty ? .list : readings(kind, likely: [names.prefix(1)]) }
        let isVerb = { (index: Int) in index < names.count && HubVerbs.all.contains(names[index].lowercased()) }
        return switch (isVerb(1), isVerb(2)) {
        case (false, true): readings(kind, likely: [names.prefix(2)])
        case (false, false): readings(kind, likely: [names.prefix(2)], possible: [names.prefix(1)])
        case (true, false) where names.count > 2:
            readings(kind, likely: [names.prefix(1)], possible: [names.prefix(2)])
        case (true, _): readings(kind, likely: [names.prefix(1), names.prefix(2)])
        }
    }

    /// `{name}/{commit}/{path}`, where a name has one segment or two.
    private static func cached(_ names: [String], _ kind: RepositoryKind) -> RepositorySubject {
        let isCommit = { (index: Int) in
            index < names.count && names[index].utf8.count == 40 && names[index].utf8.allSatisfy { $0.hexValue != nil }
        }
        guard names.count >= 3 else { return .unknown }
        return switch (isCommit(1), isCommit(2)) {
        case (true, false): readings(kind, likely: [names.prefix(1)], possible: [names.prefix(2)])
        case (false, true): readings(kind, likely: [names.prefix(2)], possible: [names.prefix(1)])
        case (true, true), (false, false): readings(kind, likely: [names.prefix(1), names.prefix(2)])
        }
    }

    // MARK: Files

    /// What container registries have: `{name}/manifests|blobs/{tag}`.
    private static func registry(_ parts: ArraySlice<String>) -> RepositorySubject {
        guard parts.count >= 3 else { return .unknown }
        return readings(.model, likely: [Array(parts.dropLast(2))[...]])
    }

    /// Words that come first in paths of the Hub, whatever a Hub makes of their case.
    private static let reserved = Set(RepositoryKind.allCases.map(\.plural) + ["api", "v1", "v2"])

    /// What follows the name of a repository outside the API.
    private static let contentVerbs: Set<String> = gitVerbs.union(["raw", "resolve"])

    /// What Git asks for: it puts `.git` behind the name, or not.
    private static let gitVerbs: Set<String> = ["git-receive-pack", "git-upload-pack", "info"]

    /// A file, or what Git asks for: `{kind}/{name}/resolve` and the like.
    private static func content(_ parts: ArraySlice<String>) -> RepositorySubject {
        let kind = parts.first.flatMap { RepositoryKind(pathSegment: $0) } ?? .model
        guard kind != .model || !reserved.contains(parts.first?.lowercased() ?? "") else { return .unknown }
        let names = Array(kind == .model ? parts : parts.dropFirst())
        let counts = [1, 2].filter { $0 < names.count && contentVerbs.contains(names[$0].lowercased()) }
        return readings(
            kind,
            likely: counts.map { count in
                var name = Array(names.prefix(count))
                if gitVerbs.contains(names[count].lowercased()), name[count - 1].lowercased().hasSuffix(".git") {
                    name[count - 1].removeLast(4)
                }
                return name[...]
            }
        )
    }

    private static func readings(
        _ kind: RepositoryKind,
        likely: [ArraySlice<String>],
        possible: [ArraySlice<String>] = []
    ) -> RepositorySubject {
        let likely = likely.compactMap { Repository(kind: kind, joining: $0) }
        guard !likely.isEmpty else { return .unknown }
        return .readings(likely: likely, possible: possible.compactMap { Repository(kind: kind, joining: $0) })
    }
}
