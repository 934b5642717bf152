import XetCore

/// A path of the CAS API, whichever way it is spelled.
///
/// `/v1/…`, `/api/v1/…` and paths without a version mean the same. `hf_xet` before 1.1.10 asks without a version and in the
/// singular, and names a shard that it uploads: `/reconstruction/{file}`, `/chunk/{prefix}/{chunk}`,
/// `/xorb/{prefix}/{xorb}`, `/shard/{prefix}/{shard}`.
public struct CASPathSegments: Hashable, Sendable {
    /// The version; 1 for paths without one.
    public let version: ReconstructionVersion
    /// What follows the version, in the plural.
    public let segments: [String]

    /// Reads decoded segments.
    public init(_ path: [String]) {
        var rest = path[...]
        if rest.first == "api", rest.dropFirst().first.flatMap(ReconstructionVersion.init) != nil {
            rest.removeFirst()
        }
        if let version = rest.first.flatMap(ReconstructionVersion.init) {
            self.version = version
            segments = Array(rest.dropFirst())
        } else {
            version = .v1
            segments = Self.plural(Array(rest))
        }
    }

    /// The path as every CAS knows it, encoded.
    public var path: String {
        "/\(version.rawValue)" + segments.map { "/\(PercentEncoding.encode(segment: $0))" }.joined()
    }

    private static func plural(_ segments: [String]) -> [String] {
        switch (segments.first, segments.count) {
        case ("reconstruction", 2): ["reconstructions"] + segments.dropFirst()
        case ("chunk", 3): ["chunks"] + segments.dropFirst()
        case ("xorb", 3): ["xorbs"] + segments.dropFirst()
        case ("shard", 1): ["shards"]
        // Its content says what it is called.
        case ("shard", 3) where FileHash(segments[2]) != nil: ["shards"]
        default: segments
        }
    }
}
