public import XetCore

/// Paths of the Hub, encoded, relative to its endpoint.
///
/// A revision is one segment, encoded whole; the slashes of a file path are kept. Buckets have no revisions.
public enum HubPath {
    /// Where a file of a repository is.
    ///
    /// In a bucket it has no revision, and its path is one segment.
    public static func resolve(_ repository: Repository, revision: String, path: String) -> String {
        guard repository.kind.hasRevisions else {
            return "/\(repository)/resolve/\(PercentEncoding.encode(segment: path))"
        }
        let revision = PercentEncoding.encode(segment: revision)
        return "/\(repository)/resolve/\(revision)/\(PercentEncoding.encode(path: path))"
    }

    /// The API of a repository.
    public static func api(_ repository: Repository) -> String {
        "/api/\(repository.kind.plural)/\(repository.name)"
    }

    /// Where a CAS token for reading is had.
    public static func readToken(_ repository: Repository, revision: String) -> String {
        path(repository, "xet-read-token", revision: revision)
    }

    /// Where a CAS token for writing is had; for a pull request that is not there yet if `opensPullRequest`.
    public static func writeToken(_ repository: Repository, revision: String, opensPullRequest: Bool = false) -> String
    {
        "\(path(repository, "xet-write-token", revision: revision))\(opensPullRequest ? "?create_pr=1" : "")"
    }

    /// A route of the API that is about a revision, such as `commit`.
    public static func path(_ repository: Repository, _ route: String, revision: String) -> String {
        let route = "\(api(repository))/\(route)"
        return repository.kind.hasRevisions ? "\(route)/\(PercentEncoding.encode(segment: revision))" : route
    }

    /// Where Git LFS is told of objects.
    public static func lfsBatch(_ repository: Repository) -> String { "/\(repository).git/info/lfs/objects/batch" }

    /// The listing of a folder; the root for an empty path.
    public static func tree(_ repository: Repository, revision: String, path: String = "", isRecursive: Bool) -> String
    {
        guard repository.kind.hasRevisions else {
            let folder = path.isEmpty ? "" : "/" + PercentEncoding.encode(segment: path)
            return "\(api(repository))/tree\(folder)?recursive=\(isRecursive)"
        }
        let folder = path.isEmpty ? "" : "/" + PercentEncoding.encode(path: path)
        let tree = "\(api(repository))/tree/\(PercentEncoding.encode(segment: revision))\(folder)"
        return "\(tree)?recursive=\(isRecursive)&expand=false"
    }
}

/// Paths of the CAS, relative to its base address.
public enum CASPath {
    /// The reconstruction of a file in version 1 or 2 of the API.
    public static func reconstruction(_ file: FileHash, version: ReconstructionVersion) -> String {
        "/\(version.rawValue)/reconstructions/\(file)"
    }

    /// Where a xorb goes whose bytes are sent to the CAS itself.
    public static func xorb(_ xorb: XorbHash) -> String { "/v1/xorbs/default/\(xorb)" }

    /// Where the address is asked for that a xorb may be sent to.
    public static func grant(_ xorb: XorbHash) -> String { "/v1/xorb-grants/default/\(xorb)" }

    /// Where the CAS is told that a xorb was sent as `grant` said.
    public static func commit(_ xorb: XorbHash, grant: String) -> String {
        "/v1/xorb-commits/default/\(xorb)/grant/\(PercentEncoding.encode(segment: grant))"
    }

    /// Where shards go.
    public static func shards(_ version: ReconstructionVersion) -> String { "/\(version.rawValue)/shards" }

    /// Where a chunk is looked up.
    public static func chunk(_ chunk: ChunkHash) -> String { "/v1/chunks/default/\(chunk)" }
}

/// The versions of the reconstruction API.
public enum ReconstructionVersion: String, Sendable, CaseIterable {
    case v1
    case v2
}
