public import XetCore

/// A file that a caller asks for.
public struct FileRequest: Hashable, Sendable {
    /// Where it is.
    public let repository: Repository
    /// Branch, tag or commit.
    public let revision: String
    /// Path from the root of the repository, decoded.
    public let path: String
    /// The caller's token, if there is one.
    public let token: HubToken?

    /// Makes a request.
    public init(repository: Repository, revision: String, path: String, token: HubToken?) {
        self.repository = repository
        self.revision = revision
        self.path = path
        self.token = token
    }

    /// Longest path of a file, as most systems have it.
    public static let maximumPathByteCount = 4096

    /// Throws `.invalidRequest` for names that are longer than any.
    public func check() throws(XetError) {
        try tokenScope().check()
        guard path.utf8.count <= Self.maximumPathByteCount else {
            throw XetError(.invalidRequest, "the path of a file has at most \(Self.maximumPathByteCount) bytes")
        }
    }

    /// Whose CAS token gives access to the file; `file` is what it was resolved to, if it was.
    public func tokenScope(_ file: ResolvedFile? = nil) -> TokenScope {
        TokenScope(repository: repository, revision: revision, token: token, route: file?.tokenRoute)
    }
}

/// What the Hub says of a file, just now, to this caller.
public struct ResolvedFile: Hashable, Sendable {
    /// Where the bytes are.
    public enum Storage: Hashable, Sendable {
        /// In XET, under this hash.
        case xet(FileHash)
        /// With the Hub, which serves them itself or names where they are.
        case regular
    }

    /// Where the bytes are.
    public let storage: Storage
    /// Size in bytes; `nil` if the Hub does not say.
    public let byteCount: UInt64?
    /// The content's strong entity tag, without quotes.
    public let etag: String?
    /// The commit that the revision resolved to.
    public let commit: String?
    /// `Last-Modified`, as the Hub wrote it.
    public let lastModified: String?
    /// `Content-Type` of a regular file.
    public let contentType: String?
    /// Where the Hub says that CAS tokens are had, if that is its own address.
    public let tokenRoute: String?

    /// Makes a record.
    public init(
        storage: Storage,
        byteCount: UInt64?,
        etag: String? = nil,
        commit: String? = nil,
        lastModified: String? = nil,
        contentType: String? = nil,
        tokenRoute: String? = nil
    ) {
        self.storage = storage
        self.byteCount = byteCount
        self.etag = etag
        self.commit = commit
        self.lastModified = lastModified
        self.contentType = contentType
        self.tokenRoute = tokenRoute
    }
}

/// Asks what a path is; the answer is the caller's permission.
public protocol FileResolver: Sendable {
    /// Resolves a file, each time anew. Throws ``XetError``.
    func resolve(_ request: FileRequest) async throws -> ResolvedFile
}
