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
        /// The repositories of a kind: reads with `GET` and nothing else.
        case list(RepositoryKind)
        /// Writes whose body may name a repository that something is copied from or to.
        case copies(RepositoryCopy)
        /// Git, over its smart protocol.
        case git(GitRequest)
        /// Git LFS: locks, and that an upload has come to its end.
        case lfs
        /// Where a transfer of Git LFS begins: the body says in which direction, the answer holds addresses.
        case lfsBatch
        /// Makes, moves or deletes a repository that the body names.
        case repositories
        /// May be about repositories in ways that the proxy does not know.
        case unknown
    }

    /// What Git asks a server for.
    enum GitRequest: Hashable, Sendable {
        /// `GET info/refs`: which commits there are, for the service that the query names.
        case references
        /// `POST git-upload-pack`: the objects that a clone or a fetch needs.
        case uploadPack
        /// `POST git-receive-pack`: a push.
        case receivePack
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
    /// The CAS, and the path to ask it for.
    case cas(CASRoute, path: String)
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
    /// Throws `.invalidRequest` as ``segments(of:)`` does.
    init?(encodedPath: some StringProtocol) throws {
        guard let segments = try Self.segments(of: encodedPath) else { return nil }
        guard let target = Self.ownTarget(segments) ?? Self.casTarget(segments) ?? Self.hubTarget(segments) else {
            return nil
        }
        self = target
    }

    /// The decoded segments of an encoded path without its query; `nil` for what is no path, or too long.
    ///
    /// The path is cut at its slashes before it is decoded, once. Throws `.invalidRequest` for bad encodings, and for
    /// paths that another server might take for others: with `.`, `..` or empty segments.
    static func segments(of encodedPath: some StringProtocol) throws -> [String]? {
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
        return segments
    }

    // MARK: The proxy and the CAS

    static func ownTarget(_ segments: [String]) -> EndpointTarget? {
        if segments.count == 3, segments[0] == "xorbs", let xorb = XorbHash(segments[1]) {
            return .xorb(xorb, capability: segments[2])
        }
        if segments.count == 2, segments[0] == "addresses" { return .address(capability: segments[1]) }
        return segments == ["v1", "telemetry"] ? .telemetry : nil
    }

    static func casTarget(_ segments: [String]) -> EndpointTarget? {
        let path = CASPathSegments(segments)
        let last = path.segments.last ?? ""
        let route: CASRoute? =
            switch (path.segments.first, path.segments.count) {
            case ("reconstructions", 1): .reconstructionBatch
            case ("reconstructions", 2): FileHash(last) == nil ? nil : .reconstruction
            case ("file-chunk-hashes", 2): FileHash(last) == nil ? nil : .chunks
            case ("chunks", 3): ChunkHash(last) == nil ? nil : .chunks
            case ("xorbs", 3): XorbHash(last) == nil ? nil : .upload
            case ("shards", 1): .upload
            case ("xorb-grants", 3): XorbHash(last) == nil ? nil : .uploadGrant
            case ("xorb-commits", 5): .upload
            default: nil
            }
        return route.map { .cas($0, path: path.path) }
    }

    // MARK: The repository

    /// The repository that a request most likely is about, for logs; the lists ask ``RepositorySubject``.
    var repository: Repository? {
        switch self {
        case .file(let repository, _, _), .token(_, let repository): repository
        case .hub(_, let repository): repository
        case .cas, .telemetry, .xorb, .address: nil
        }
    }
}
