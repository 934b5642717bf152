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
        let route = "\(api(repository))/xet-read-token"
        return repository.kind.hasRevisions ? "\(route)/\(PercentEncoding.encode(segment: revision))" : route
    }

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
}

/// The versions of the reconstruction API.
public enum ReconstructionVersion: String, Sendable, CaseIterable {
    case v1
    case v2
}
