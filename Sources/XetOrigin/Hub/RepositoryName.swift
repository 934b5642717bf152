import XetCore

/// The part of a path that names a repository, and what follows it.
struct RepositoryName: Hashable, Sendable {
    let kind: RepositoryKind
    let owner: String
    let name: String

    /// `nil` if no repository can have that name.
    var repository: Repository? { Repository(kind: kind, name: "\(owner)/\(name)") }

    /// `api/models/owner/name/…`; `nil` for other paths.
    static func api(_ segments: [String]) -> (name: RepositoryName, rest: ArraySlice<String>)? {
        guard segments.count >= 4, segments[0] == "api",
            let kind = RepositoryKind.versioned.first(where: { $0.plural == segments[1] })
        else { return nil }
        return (RepositoryName(kind: kind, owner: segments[2], name: segments[3]), segments[4...])
    }

    /// `owner/name/…`, with `datasets`, `spaces` or `kernels` before it for those; `nil` for shorter paths.
    static func plain(_ segments: [String]) -> (name: RepositoryName, rest: ArraySlice<String>)? {
        let kind = RepositoryKind.versioned.first { $0 != .model && $0.plural == segments.first } ?? .model
        let rest = kind == .model ? segments[...] : segments.dropFirst()
        guard rest.count >= 2 else { return nil }
        let names = Array(rest.prefix(2))
        return (RepositoryName(kind: kind, owner: names[0], name: names[1]), rest.dropFirst(2))
    }
}
