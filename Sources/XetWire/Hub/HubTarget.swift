public import XetCore

/// Path and query of a question to the Hub about a repository, taken apart: what it is about, at which revision.
///
/// Two that ask the same have the same ``text``, however they were spelled.
public struct HubTarget: Hashable, Sendable {
    /// What is asked for.
    public enum Subject: Hashable, Sendable {
        /// A file.
        case file(path: String)
        /// The repository, or a revision of it.
        case information
        /// What is in a folder; `""` is the topmost.
        case tree(folder: String)
        /// Some entries of the tree, which the body of the request names.
        case paths
        /// Branches and tags.
        case references
        /// Anything else, as it stands.
        case other(String)
    }

    /// The branch of whoever names none.
    public static let usualRevision = "main"

    /// The repository.
    public let repository: Repository
    /// What is asked for.
    public let subject: Subject
    /// Branch, tag or commit; `nil` where none is named.
    public private(set) var revision: String?
    /// What else makes a difference, by name; what says no is left out.
    public private(set) var query: [String]

    /// Takes apart path and query below the Hub's address.
    public init(_ target: String, of repository: Repository) {
        self.repository = repository
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var segments = parts[0].segments(separatedBy: "/").dropFirst().map { PercentEncoding.decode($0) ?? String($0) }
        while segments.last == "" { segments.removeLast() }
        let query = parts.count == 2 ? String(parts[1]) : ""
        let named = Self.named(segments, repository)
        revision = named?.revision
        subject = named?.subject ?? .other(target)
        self.query =
            switch subject {
            // Whether to send bytes or where they are is not what a file is.
            case .file, .other: []
            case .tree: Self.normal(query, without: ["limit"])
            case .information, .paths, .references: Self.normal(query)
            }
    }

    /// A file of a repository.
    public init(file path: String, at revision: String, of repository: Repository) {
        self.repository = repository
        self.revision = repository.kind.hasRevisions ? revision : nil
        subject = .file(path: path)
        query = []
    }

    /// The whole tree of a revision.
    public init(treeOf repository: Repository, at revision: String) {
        self.repository = repository
        self.revision = revision
        subject = .tree(folder: "")
        query = ["recursive=true"]
    }

    /// The same of the whole tree, if it asks for a folder or for all and for nothing that is told otherwise; `nil` if not.
    public var wholeTree: HubTarget? {
        guard case .tree = subject, Set(query).isSubset(of: ["recursive=true", "expand=true"]) else { return nil }
        var target = HubTarget(treeOf: repository, at: revision ?? "")
        target.revision = revision
        target.query = Set(query + target.query).sorted()
        return target
    }

    /// Whether it asks for what is in the folders of a folder too.
    public var isRecursive: Bool { query.contains("recursive=true") }

    /// A folder's tree, without the folders in it.
    public init(folder: String, at revision: String, of repository: Repository) {
        self.repository = repository
        self.revision = revision
        subject = .tree(folder: folder)
        query = []
    }

    /// The revision that an answer depends on; `nil` if it depends on none.
    public var wantedRevision: String? {
        switch subject {
        case .file, .tree, .paths: revision
        case .information: repository.kind.hasRevisions ? revision ?? Self.usualRevision : nil
        case .references, .other: nil
        }
    }

    /// The same at a commit that its revision stands for.
    public func at(_ commit: String) -> HubTarget {
        guard wantedRevision != nil else { return self }
        var target = self
        target.revision = commit
        return target
    }

    /// The same, asking for more: an answer to it says all that is asked for, and something besides.
    public var wider: [HubTarget] {
        let more: String? =
            switch subject {
            case .tree: "expand=true"
            case .information: "blobs=true"
            default: nil
            }
        guard let more, !query.contains(more) else { return [] }
        var target = self
        target.query = (query + [more]).sorted()
        return [target]
    }

    /// Path and query, encoded in one way.
    public var text: String {
        let api = "/api/\(repository.kind.plural)/\(repository.name)"
        let revision = revision.map { PercentEncoding.encode(segment: $0) }
        let path: String
        switch subject {
        case .other(let target): return target
        case .file(let file):
            let file = PercentEncoding.encode(path: file)
            path = "/\(repository)/resolve/\(revision.map { "\($0)/" } ?? "")\(file)"
        case .information: path = api + (revision.map { "/revision/\($0)" } ?? "")
        case .tree(let folder):
            let folder = folder.isEmpty ? "" : "/" + PercentEncoding.encode(path: folder)
            path = api + "/tree" + (revision.map { "/\($0)" } ?? "") + folder
        case .paths: path = api + "/paths-info" + (revision.map { "/\($0)" } ?? "")
        case .references: path = api + "/refs"
        }
        return query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
    }

    private static func named(_ segments: [String], _ repository: Repository) -> (subject: Subject, revision: String?)?
    {
        let kind = repository.kind
        let name = repository.name.split(separator: "/").map(String.init)
        if segments.starts(with: ["api", kind.plural] + name) {
            let rest = segments.dropFirst(2 + name.count)
            let revision = kind.hasRevisions ? rest.dropFirst().first : nil
            let after = rest.dropFirst(kind.hasRevisions ? 2 : 1)
            switch rest.first {
            case nil: return (.information, nil)
            case "revision" where revision != nil && after.isEmpty: return (.information, revision)
            case "tree" where revision != nil || !kind.hasRevisions:
                return (.tree(folder: after.joined(separator: "/")), revision)
            case "paths-info" where after.isEmpty && (revision != nil || !kind.hasRevisions): return (.paths, revision)
            case "refs" where rest.count == 1: return (.references, nil)
            default: return nil
            }
        }
        let prefix = (kind == .model ? [] : [kind.plural]) + name + ["resolve"]
        guard segments.starts(with: prefix) else { return nil }
        let rest = segments.dropFirst(prefix.count)
        let path = rest.dropFirst(kind.hasRevisions ? 1 : 0).joined(separator: "/")
        return path.isEmpty ? nil : (.file(path: path), kind.hasRevisions ? rest.first : nil)
    }

    /// Parameters in the order of their names, without those that say what nobody has to.
    private static func normal(_ query: String, without unneeded: Set<String> = []) -> [String] {
        query.split(separator: "&").compactMap { parameter in
            let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !unneeded.contains(String(parts[0])) else {
                return parts.count == 2 ? nil : String(parameter)
            }
            switch parts[1].lowercased() {
            case "", "false": return nil
            case "true": return "\(parts[0])=true"
            default: return String(parameter)
            }
        }.sorted()
    }
}

extension Repository {
    /// How archives call it: `models/owner/name`, `datasets/owner/name` and so on.
    public var archiveName: String { "\(kind.plural)/\(name)" }

    /// Parses ``archiveName``.
    public init?(archiveName: String) {
        let parts = archiveName.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = RepositoryKind.allCases.first(where: { $0.plural == parts[0] }) else {
            return nil
        }
        self.init(kind: kind, name: String(parts[1]))
    }
}
