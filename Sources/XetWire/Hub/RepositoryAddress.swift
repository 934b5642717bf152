public import XetCore

/// A repository as people write or paste it, perhaps with a revision and a path in it.
///
/// - `owner/name`, `datasets/owner/name`, `owner/name@revision`
/// - `hf://datasets/owner/name@revision/path`, as Python's `HfFileSystem` has it; `refs/pr/1` is a revision too
/// - `https://hub/datasets/owner/name/tree/revision/path`, from a browser; `blob`, `resolve` and `raw` as well
public struct RepositoryAddress: Hashable, Sendable {
    /// The repository.
    public let repository: Repository
    /// The revision that is named in it.
    public let revision: String?
    /// The file or folder that is named in it, from the root of the repository.
    public let path: String?

    /// What stands between the name of a repository and a revision in the address of a page.
    private static let pages: Set<String> = ["tree", "blob", "resolve", "raw"]
    /// Hosts of the Hub that everybody knows.
    private static let knownHosts: Set<String> = ["huggingface.co", "www.huggingface.co", "hf.co"]
    private static let scheme = "hf://"

    /// Reads a name or an address; `kind` is that of a name without one.
    ///
    /// An address of a page is one of `hub`, whose own path comes first, or of the Hub that everybody knows. `nil` for anything else.
    public init?(_ text: String, kind: RepositoryKind = .model, hub: HTTPAddress) {
        if text.hasPrefix(Self.scheme) {
            self.init(fileSystem: String(text.dropFirst(Self.scheme.count)), kind)
        } else if let address = HTTPAddress(text) {
            self.init(page: address, hub)
        } else if text.contains("@") {
            // No name has one.
            self.init(fileSystem: text, kind)
        } else if let repository = Repository(prefixedName: text, kind: kind) {
            self.init(repository, revision: nil, path: [])
        } else {
            return nil
        }
    }

    private init(_ repository: Repository, revision: String?, path: some Sequence<String>) {
        self.repository = repository
        self.revision = revision
        let path = path.joined(separator: "/")
        self.path = path.isEmpty ? nil : path
    }

    private init?(fileSystem text: String, _ kind: RepositoryKind) {
        var segments = text.segments(separatedBy: "/")[...]
        let named = RepositoryKind(pathSegment: segments.first ?? "")
        if named != nil { segments.removeFirst() }
        // A revision stands behind the name, which may have one part only.
        let count = segments.prefix(2).firstIndex { $0.contains("@") }.map { $0 - segments.startIndex + 1 } ?? 2
        let name = segments.prefix(count).joined(separator: "/")
        segments = segments.dropFirst(count)
        let parts = name.segments(separatedBy: "@")
        guard parts.count <= 2, let repository = Repository(kind: named ?? kind, name: parts[0]) else { return nil }
        var revision: String?
        if parts.count == 2 {
            guard let decoded = PercentEncoding.decode(parts[1]), !decoded.isEmpty else { return nil }
            revision = decoded
            if decoded == "refs", segments.count >= 2, ["pr", "convert"].contains(segments.first) {
                revision = (["refs"] + segments.prefix(2)).joined(separator: "/")
                segments = segments.dropFirst(2)
            }
        }
        self.init(repository, revision: revision, path: segments)
    }

    private init?(page address: HTTPAddress, _ hub: HTTPAddress) {
        let path = address.target.segments(separatedBy: "?")[0]
        let base = hub.appending("").target
        let isHub = address.origin == hub.origin && path.hasPrefix(base)
        guard isHub || Self.knownHosts.contains(address.origin.host) else { return nil }
        let relative = isHub ? String(path.dropFirst(base.count)) : path
        let decoded = relative.segments(separatedBy: "/").filter { !$0.isEmpty }.map { PercentEncoding.decode($0) }
        var segments = decoded.compactMap(\.self)[...]
        guard segments.count == decoded.count else { return nil }
        let kind = RepositoryKind(pathSegment: segments.first ?? "")
        if kind != nil { segments.removeFirst() }
        let count = segments.dropFirst().first.map { Self.pages.contains($0) ? 1 : 2 } ?? 1
        let name = segments.prefix(count).joined(separator: "/")
        segments = segments.dropFirst(count)
        guard let repository = Repository(kind: kind ?? .model, name: name) else { return nil }
        guard let page = segments.popFirst() else {
            self.init(repository, revision: nil, path: [])
            return
        }
        guard Self.pages.contains(page) else { return nil }
        guard repository.kind.hasRevisions else {
            self.init(repository, revision: nil, path: segments)
            return
        }
        guard var revision = segments.popFirst() else { return nil }
        if revision == "refs", segments.count >= 2, ["pr", "convert"].contains(segments.first) {
            revision = (["refs"] + segments.prefix(2)).joined(separator: "/")
            segments = segments.dropFirst(2)
        }
        self.init(repository, revision: revision, path: segments)
    }
}
