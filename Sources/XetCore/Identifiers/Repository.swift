/// The kinds of repository on a Hub.
public enum RepositoryKind: String, Hashable, Sendable, CaseIterable {
    case model
    case dataset
    case space
    case kernel
    /// Storage without Git: files have no revisions.
    case bucket

    /// The kinds whose files have revisions.
    public static let versioned = allCases.filter(\.hasRevisions)

    /// Whether files have revisions, and paths name them.
    public var hasRevisions: Bool { self != .bucket }

    /// The segment after `/api/`: `models`, `datasets`, `spaces`, `kernels` or `buckets`.
    public var plural: String { rawValue + "s" }

    /// What precedes the name in paths that are not under `/api/`: nothing for models.
    public var pathPrefix: String { self == .model ? "" : plural + "/" }

    /// Parses `model` or `models` and so on.
    public init?(name: some StringProtocol) {
        let singular = name.last == "s" ? name.dropLast() : name[...]
        self.init(rawValue: String(singular))
    }

    /// The kind that the first segment of a path outside `/api/` names; `nil` for models, whose paths name none.
    public init?(pathSegment: some StringProtocol) {
        guard let kind = Self.allCases.first(where: { $0 != .model && $0.plural == pathSegment }) else { return nil }
        self = kind
    }
}

/// A repository of a Hub, such as the dataset `owner/name`.
public struct Repository: Hashable, Sendable, CustomStringConvertible {
    /// Longest owner or name.
    public static let maximumSegmentByteCount = 255

    /// Model, dataset, space, kernel or bucket.
    public let kind: RepositoryKind
    /// `owner/name`; a few old models and datasets have a name only.
    public let name: String

    /// `nil` unless the name has one or two segments of letters, digits, `-`, `_` and `.`, none of them `.` or `..`.
    ///
    /// A bucket always has an owner.
    public init?(kind: RepositoryKind, name: String) {
        let segments = name.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == 2 || segments.count == 1 && kind.hasRevisions, segments.allSatisfy(Self.isValid) else {
            return nil
        }
        self.kind = kind
        self.name = name
    }

    /// Parses `owner/name`, perhaps with `datasets/`, `spaces/` and so on before it; `kind` is that of a name without.
    public init?(prefixedName: some StringProtocol, kind: RepositoryKind = .model) {
        let prefixed = RepositoryKind.allCases.first { $0 != .model && prefixedName.hasPrefix($0.pathPrefix) }
        let name = prefixed.map { prefixedName.dropFirst($0.pathPrefix.count) } ?? prefixedName[...]
        self.init(kind: prefixed ?? kind, name: String(name))
    }

    private static func isValid(_ segment: Substring) -> Bool {
        let isAllowed: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return !segment.isEmpty && segment.utf8.count <= maximumSegmentByteCount && segment != "." && segment != ".."
            && segment.utf8.allSatisfy(isAllowed)
    }

    /// The name with the prefix of its kind, as it stands in resolve URLs.
    public var description: String { kind.pathPrefix + name }
}
