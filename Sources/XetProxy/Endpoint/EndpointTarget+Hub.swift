import XetCore

extension EndpointTarget {
    /// What a path of the Hub names.
    static func hubTarget(_ segments: [String]) -> EndpointTarget? {
        switch segments.first {
        case "api": apiTarget(segments.dropFirst())
        case "v2": registryTarget(segments.dropFirst())
        default: contentTarget(segments[...]) ?? lfsTarget(segments) ?? gitTarget(segments)
        }
    }

    /// `[datasets/|spaces/|kernels/]{owner}/{name}/resolve|raw/{revision}/{path}`, and
    /// `buckets/{owner}/{name}/resolve/{path}`; a few old repositories have no owner.
    private static func contentTarget(_ segments: ArraySlice<String>) -> EndpointTarget? {
        let kind = segments.first.flatMap { RepositoryKind(pathSegment: $0) } ?? .model
        let names = kind == .model ? segments : segments.dropFirst()
        for count in [2, 1] {
            let rest = names.dropFirst(count)
            guard let verb = rest.first, let repository = Repository(kind: kind, joining: names.prefix(count)) else {
                continue
            }
            guard kind.hasRevisions else {
                guard verb == "resolve", rest.count >= 2 else { return nil }
                return .file(repository, revision: bucketRevision, path: rest.dropFirst().joined(separator: "/"))
            }
            guard verb == "resolve" || verb == "raw", rest.count >= 3 else { continue }
            guard verb == "resolve" else { return .hub(.content, repository) }
            let path = rest.dropFirst(2).joined(separator: "/")
            return .file(repository, revision: rest[rest.startIndex + 1], path: path)
        }
        return nil
    }

    /// Stands where a revision is expected, and goes nowhere.
    static let bucketRevision = "main"

    /// Git LFS: `[datasets/|spaces/]{owner}/{name}.git/info/lfs/...`.
    private static func lfsTarget(_ segments: [String]) -> EndpointTarget? {
        let kind = segments.first.flatMap { RepositoryKind(pathSegment: $0) } ?? .model
        let names = kind == .model ? segments[...] : segments.dropFirst()
        guard kind.hasRevisions, let index = names.firstIndex(of: "info"), names[index...].count >= 3,
            names[index + 1] == "lfs"
        else { return nil }
        let name = names[..<index].joined(separator: "/")
        guard name.hasSuffix(".git"), let repository = Repository(kind: kind, name: String(name.dropLast(4))) else {
            return nil
        }
        let isBatch = Array(names[(index + 2)...]) == ["objects", "batch"]
        return .hub(isBatch ? .lfsBatch : .lfs, repository)
    }

    /// Git: `[datasets/|spaces/]{owner}/{name}[.git]/info/refs`, `git-upload-pack`, `git-receive-pack`.
    private static func gitTarget(_ segments: [String]) -> EndpointTarget? {
        let kind = segments.first.flatMap { RepositoryKind(pathSegment: $0) } ?? .model
        var names = kind == .model ? segments[...] : segments.dropFirst()
        guard kind.hasRevisions, let verb = names.popLast() else { return nil }
        let request: GitRequest
        switch verb {
        case "refs" where names.last == "info":
            names.removeLast()
            request = .references
        case "git-upload-pack": request = .uploadPack
        case "git-receive-pack": request = .receivePack
        default: return nil
        }
        var name = names.joined(separator: "/")
        if name.hasSuffix(".git") { name.removeLast(4) }
        return Repository(kind: kind, name: name).map { .hub(.git(request), $0) }
    }

    /// `v2/{owner}/{name}/manifests/{tag}`, `.../blobs/{digest}`: what llama.cpp and Ollama ask.
    private static func registryTarget(_ segments: ArraySlice<String>) -> EndpointTarget? {
        guard segments.count == 3 || segments.count == 4,
            ["manifests", "blobs"].contains(segments[segments.endIndex - 2]),
            let repository = Repository(kind: .model, joining: segments.dropLast(2))
        else { return nil }
        return .hub(.content, repository)
    }

    /// What stands below `/api/`; a Hub may not make a difference of upper and lower case here.
    private static func apiTarget(_ segments: ArraySlice<String>) -> EndpointTarget? {
        guard let first = segments.first?.lowercased() else { return nil }
        if first == "repos" { return .hub(.repositories, nil) }
        // `resolve-cache` is where the Hub sends readers of small files.
        let path = first == "resolve-cache" ? segments.dropFirst() : segments
        guard let kind = RepositoryKind.allCases.first(where: { $0.plural == path.first?.lowercased() }) else {
            if HubVerbs.general.contains(first) { return .hub(.resource, nil) }
            // A token of a kind that nobody knows here would lead clients to the CAS itself.
            return segments.contains { HubVerbs.tokens.contains($0.lowercased()) } ? nil : .hub(.unknown, nil)
        }
        let names = path.dropFirst()
        guard let name = names.first else { return .hub(.list(kind), nil) }
        guard first != "resolve-cache" else {
            let nameCount = name.utf8.contains(UInt8(ascii: "/")) || names.count < 4 ? 1 : 2
            guard let repository = Repository(kind: kind, joining: names.prefix(nameCount)) else { return nil }
            return .hub(.content, repository)
        }
        let nameCount = nameCount(names, kind)
        guard let repository = Repository(kind: kind, joining: names.prefix(nameCount)) else {
            return kind == .bucket && names.count == 1 ? .hub(.list(.bucket), nil) : nil
        }
        let rest = names.dropFirst(nameCount)
        switch rest.first?.lowercased() {
        case "xet-read-token" where rest.count == (kind.hasRevisions ? 2 : 1): return .token(.read, repository)
        case "xet-write-token" where rest.count == (kind.hasRevisions ? 2 : 1): return .token(.write, repository)
        case "xet-read-token", "xet-write-token": return nil
        case "paths-info": return .hub(.query, repository)
        case "batch" where kind == .bucket: return .hub(.copies(.bucketBatch), repository)
        case "duplicate": return .hub(.copies(.duplicate), repository)
        default: return .hub(.resource, repository)
        }
    }

    /// How many of the segments are the name, most likely.
    ///
    /// What comes second is the name, unless it is a verb with nothing like one after it: then the first is a name
    /// without an owner, or both.
    private static func nameCount(_ names: ArraySlice<String>, _ kind: RepositoryKind) -> Int {
        guard names.count >= 2, !names[names.startIndex].utf8.contains(UInt8(ascii: "/")) else { return 1 }
        let isVerb = { (index: Int) in index < names.endIndex && HubVerbs.all.contains(names[index].lowercased()) }
        let second = names.startIndex + 1
        guard kind.hasRevisions, isVerb(second) else { return 2 }
        // A branch may be called like a verb.
        let isToken = HubVerbs.tokens.contains(names[second].lowercased()) && names.count == 3
        return isVerb(second + 1) && !isToken ? 2 : 1
    }
}

/// The words of the Hub's API.
enum HubVerbs {
    /// What is about no repository, and names none in its answers.
    static let general: Set<String> = [
        "agent-harnesses", "complete_multipart", "telemetry", "validate-yaml", "whoami-v2",
    ]

    static let tokens: Set<String> = ["xet-read-token", "xet-write-token"]

    /// What follows the name of a repository.
    static let all: Set<String> = tokens.union([
        "branch", "commit", "commits", "compare", "croissant", "dev-mode", "discussions", "duplicate", "events",
        "hardware", "jwt", "leaderboard", "lfs-files", "like", "likers", "logs", "metrics", "notebook", "parquet",
        "paths-info", "pause", "preupload", "refs", "resolve", "resource-group", "restart", "revision", "runtime",
        "scan", "secrets", "settings", "sleeptime", "sql-console", "storage", "super-squash", "tag", "tree", "treesize",
        "user-access-report", "user-access-request", "variables",
    ])
}

extension Repository {
    /// The repository whose name has these segments.
    init?(kind: RepositoryKind, joining segments: some Sequence<String>) {
        self.init(kind: kind, name: segments.joined(separator: "/"))
    }
}
