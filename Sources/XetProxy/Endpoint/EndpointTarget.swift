import XetAccess
import XetCore
import XetWire

/// What a path that is not one of the proxy's own names, as the Hub and the CAS have it.
enum EndpointTarget: Hashable, Sendable {
    /// What a CAS token is for.
    enum TokenAccess: Hashable, Sendable {
        case read
        case write
    }

    /// A request to the Hub that is passed on.
    enum HubRoute: Hashable, Sendable {
        /// Reads with `GET`; every other method changes something.
        case resource
        /// Reads with `POST` too.
        case query
        /// Reads with `GET` and nothing else.
        case content
        /// Git LFS: even the first request of an upload is a write.
        case lfs
        /// Where an upload to Git LFS begins: the answer holds addresses.
        case lfsBatch
        /// Makes, moves or deletes a repository that the body names.
        case repositories
        /// May be about repositories in ways that the proxy does not know.
        case unknown
    }

    /// A request to the CAS that is passed on.
    enum CASRoute: Hashable, Sendable {
        case reconstruction
        case reconstructionBatch
        case chunks
        case upload
        /// Says where to upload: the answer holds an address.
        case uploadGrant
    }

    /// `/{repository}/resolve/{revision}/{path}`
    case file(Repository, revision: String, path: String)
    /// Anything else of the Hub, and the repository it is about if it is about one.
    case hub(HubRoute, Repository?)
    /// `/api/{kind}/{repository}/xet-read-token/{revision}`, or `xet-write-token`.
    case token(TokenAccess, Repository)
    /// The CAS.
    case cas(CASRoute)
    /// `POST /v1/telemetry`
    case telemetry
    /// `/xorbs/{xorb}/{capability}`: bytes of a xorb.
    case xorb(XorbHash, capability: String)
    /// `/addresses/{capability}`: whatever the Hub or the CAS pointed at.
    case address(capability: String)

    /// Most bytes of a path.
    static let maximumByteCount = 64 * 1024

    /// Parses an encoded path without its query; `nil` for a path that is none of these.
    ///
    /// The path is cut at its slashes before it is decoded, once. Throws `.invalidRequest` for bad encodings, and for
    /// paths that another server might take for others: with `.`, `..` or empty segments.
    init?(encodedPath: some StringProtocol) throws {
        guard encodedPath.hasPrefix("/"), encodedPath.utf8.count <= Self.maximumByteCount else { return nil }
        var segments: [String] = []
        for segment in encodedPath.dropFirst().segments(separatedBy: "/") {
            guard let decoded = PercentEncoding.decode(segment), decoded.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else { throw XetError(.invalidRequest, "the path is not percent-encoded UTF-8") }
            segments.append(decoded)
        }
        if segments.last == "" { segments.removeLast() }
        let parts = segments.flatMap { $0.segments(separatedBy: "/") }
        guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            throw XetError(.invalidRequest, "a path has no empty segment, '.' or '..'")
        }
        guard let target = Self.ownTarget(segments) ?? Self.casTarget(segments) ?? Self.hubTarget(segments) else {
            return nil
        }
        self = target
    }

    // MARK: The proxy and the CAS

    private static func ownTarget(_ segments: [String]) -> EndpointTarget? {
        if segments.count == 3, segments[0] == "xorbs", let xorb = XorbHash(segments[1]) {
            return .xorb(xorb, capability: segments[2])
        }
        if segments.count == 2, segments[0] == "addresses" { return .address(capability: segments[1]) }
        return segments == ["v1", "telemetry"] ? .telemetry : nil
    }

    /// Old clients put no version before the rest.
    private static func casTarget(_ segments: [String]) -> EndpointTarget? {
        let isVersioned = segments.first == "v1" || segments.first == "v2"
        let rest = isVersioned ? segments.dropFirst() : segments[...]
        let last = rest.last ?? ""
        switch (rest.first, rest.count) {
        case ("reconstructions", 1): return isVersioned ? .cas(.reconstructionBatch) : nil
        case ("reconstructions", 2): return FileHash(last) == nil ? nil : .cas(.reconstruction)
        case ("file-chunk-hashes", 2): return isVersioned && FileHash(last) != nil ? .cas(.chunks) : nil
        case ("chunks", 3): return ChunkHash(last) == nil ? nil : .cas(.chunks)
        case ("xorbs", 3): return XorbHash(last) == nil ? nil : .cas(.upload)
        case ("shards", 1): return .cas(.upload)
        case ("xorb-grants", 3): return isVersioned && XorbHash(last) != nil ? .cas(.uploadGrant) : nil
        case ("xorb-commits", 5): return isVersioned ? .cas(.upload) : nil
        default: return nil
        }
    }

    // MARK: The Hub

    private static func hubTarget(_ segments: [String]) -> EndpointTarget? {
        switch segments.first {
        case "api": apiTarget(segments.dropFirst())
        case "v2": registryTarget(segments.dropFirst())
        default: contentTarget(segments[...]) ?? lfsTarget(segments)
        }
    }

    /// `[datasets/|spaces/]{owner}/{name}/resolve|raw/{revision}/{path}`; a few old repositories have no owner.
    private static func contentTarget(_ segments: ArraySlice<String>) -> EndpointTarget? {
        let kind = [RepositoryKind.dataset, .space].first { $0.plural == segments.first } ?? .model
        let names = kind == .model ? segments : segments.dropFirst()
        for count in [2, 1] {
            let rest = names.dropFirst(count)
            guard let verb = rest.first, verb == "resolve" || verb == "raw", rest.count >= 3,
                let repository = Repository(kind: kind, name: names.prefix(count).joined(separator: "/"))
            else { continue }
            guard verb == "resolve" else { return .hub(.content, repository) }
            let path = rest.dropFirst(2).joined(separator: "/")
            return .file(repository, revision: rest[rest.startIndex + 1], path: path)
        }
        return nil
    }

    /// Git LFS: `[datasets/|spaces/]{owner}/{name}.git/info/lfs/...`.
    private static func lfsTarget(_ segments: [String]) -> EndpointTarget? {
        let kind = [RepositoryKind.dataset, .space].first { $0.plural == segments.first } ?? .model
        let names = kind == .model ? segments[...] : segments.dropFirst()
        guard let index = names.firstIndex(of: "info"), names[index...].count >= 3, names[index + 1] == "lfs" else {
            return nil
        }
        let name = names[..<index].joined(separator: "/")
        guard name.hasSuffix(".git"), let repository = Repository(kind: kind, name: String(name.dropLast(4))) else {
            return nil
        }
        let isBatch = Array(names[(index + 2)...]) == ["objects", "batch"]
        return .hub(isBatch ? .lfsBatch : .lfs, repository)
    }

    /// `v2/{owner}/{name}/manifests/{tag}`, `.../blobs/{digest}`: what llama.cpp and Ollama ask.
    private static func registryTarget(_ segments: ArraySlice<String>) -> EndpointTarget? {
        guard segments.count == 3 || segments.count == 4,
            ["manifests", "blobs"].contains(segments[segments.endIndex - 2]),
            let repository = Repository(kind: .model, name: segments.dropLast(2).joined(separator: "/"))
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
            return .hub(general.contains(first) ? .resource : .unknown, nil)
        }
        let names = path.dropFirst()
        guard let name = names.first else { return .hub(.resource, nil) }
        // What comes second is the name, unless it is a verb: then the first is a name without an owner, or both.
        let isSingle = names.count == 1 || name.utf8.contains(UInt8(ascii: "/")) || isVerb(names)
        guard let repository = Repository(kind: kind, name: names.prefix(isSingle ? 1 : 2).joined(separator: "/"))
        else {
            return nil
        }
        let rest = names.dropFirst(isSingle ? 1 : 2)
        switch rest.first?.lowercased() {
        case "xet-read-token" where rest.count == 2: return .token(.read, repository)
        case "xet-write-token" where rest.count == 2: return .token(.write, repository)
        case "paths-info": return .hub(.query, repository)
        default: return .hub(first == "resolve-cache" ? .content : .resource, repository)
        }
    }

    /// What of the API is about no single repository.
    private static let general: Set<String> = [
        "agent-harnesses", "complete_multipart", "datasets-tags-by-type", "models-tags-by-type", "organizations",
        "tasks", "telemetry", "users", "validate-yaml", "whoami-v2",
    ]

    private static func isVerb(_ names: ArraySlice<String>) -> Bool {
        guard names.count >= 2 else { return false }
        return verbs.contains(names[names.startIndex + 1].lowercased())
    }

    /// What follows the name of a repository in the API of the Hub.
    private static let verbs: Set<String> = [
        "branch", "commit", "commits", "compare", "discussions", "lfs-files", "notebook", "parquet", "paths-info",
        "preupload", "refs", "revision", "settings", "super-squash", "tag", "tree", "treesize", "xet-read-token",
        "xet-write-token",
    ]

    // MARK: What it allows

    /// The repository that a request is about, for the lists of those that are served.
    var repository: Repository? {
        switch self {
        case .file(let repository, _, _), .token(_, let repository): repository
        case .hub(_, let repository): repository
        case .cas, .telemetry, .xorb, .address: nil
        }
    }
}
