import XetCore
import XetWire

/// The part of a path that names a repository, and what follows it.
struct RepositoryName: Hashable, Sendable {
    let kind: RepositoryKind
    let owner: String
    let name: String
    /// Which segment of the path the owner is.
    let position: Int

    /// `nil` if no repository can have that name.
    var repository: Repository? { Repository(kind: kind, name: "\(owner)/\(name)") }

    /// `api/models/owner/name/…`; `nil` for other paths.
    static func api(_ segments: [String]) -> (name: RepositoryName, rest: ArraySlice<String>)? {
        guard segments.count >= 4, segments[0] == "api",
            let kind = RepositoryKind.versioned.first(where: { $0.plural == segments[1] })
        else { return nil }
        return (RepositoryName(kind: kind, owner: segments[2], name: segments[3], position: 2), segments[4...])
    }

    /// `owner/name/…`, with `datasets`, `spaces` or `kernels` before it for those; `nil` for shorter paths.
    static func plain(_ segments: [String]) -> (name: RepositoryName, rest: ArraySlice<String>)? {
        let kind = RepositoryKind.versioned.first { $0 != .model && $0.plural == segments.first } ?? .model
        let rest = kind == .model ? segments[...] : segments.dropFirst()
        guard rest.count >= 2 else { return nil }
        let names = Array(rest.prefix(2))
        let position = rest.startIndex
        return (RepositoryName(kind: kind, owner: names[0], name: names[1], position: position), rest.dropFirst(2))
    }

    /// A target of which this is the name, with another name in its place; all else stays as it was written.
    func target(of target: RequestTarget, _ repository: Repository) -> String {
        let parts = target.text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var segments = parts[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        // Names are of characters that need no escapes.
        segments.replaceSubrange(position..<position + 2, with: repository.name.split(separator: "/"))
        let query = parts.count == 2 ? "?\(parts[1])" : ""
        return "/" + segments.joined(separator: "/") + query
    }
}
