import XetAccess
import XetCore
import XetWire

/// What the path below `/download/` names.
struct DownloadTarget: Hashable, Sendable {
    /// The repository.
    let repository: Repository
    /// The file's path in it, decoded.
    let path: String

    /// Parses `[datasets/|spaces/|kernels/|buckets/]owner/repo/path...`, percent-encoded.
    ///
    /// Every part is decoded once. Throws `.invalidRequest` for bad encodings, for names that no repository can have,
    /// and for paths with empty segments, `.` or `..`.
    init(encodedPath: some StringProtocol) throws {
        var segments: [String] = []
        for segment in encodedPath.segments(separatedBy: "/") {
            guard let decoded = PercentEncoding.decode(segment) else {
                throw XetError(.invalidRequest, "the path is not percent-encoded UTF-8")
            }
            segments.append(decoded)
        }
        let kind = segments.first.flatMap { RepositoryKind(pathSegment: $0) } ?? .model
        let names = kind == .model ? segments[...] : segments.dropFirst()
        guard names.count >= 3 else {
            throw XetError(
                .invalidRequest,
                "expected /download/[datasets/|spaces/|kernels/|buckets/]{owner}/{repo}/{path}"
            )
        }
        guard let repository = Repository(kind: kind, name: names.prefix(2).joined(separator: "/")),
            !names.prefix(2).contains(where: { $0.utf8.contains(UInt8(ascii: "/")) })
        else {
            throw XetError(.invalidRequest, "no repository can have this name")
        }
        // An encoded slash in a file's path separates folders like any other.
        let path = names.dropFirst(2).joined(separator: "/")
        let folders = path.segments(separatedBy: "/")
        guard folders.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }), !path.utf8.contains(0) else {
            throw XetError(.invalidRequest, "a file path has no empty segment, '.' or '..'")
        }
        self.repository = repository
        self.path = path
    }

    /// The last segment of the path.
    var fileName: String {
        path.segments(separatedBy: "/").last ?? path
    }
}
