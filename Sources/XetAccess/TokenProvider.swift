public import XetCore

/// Whose CAS token, and for what: the Hub issues one per caller, repository and revision.
public struct TokenScope: Hashable, Sendable {
    /// The repository.
    public let repository: Repository
    /// Branch, tag or commit.
    public let revision: String
    /// The caller's token, if there is one.
    public let token: HubToken?
    /// Where the Hub said that tokens for a file of the revision are had: its own address, as text.
    ///
    /// For a Hub that does not know the usual route.
    public let route: String?

    /// Makes a scope.
    public init(repository: Repository, revision: String, token: HubToken?, route: String? = nil) {
        self.repository = repository
        self.revision = revision
        self.token = token
        self.route = route
    }

    /// Longest name of a revision; Git's own files hold no longer ones.
    public static let maximumRevisionByteCount = 1024

    /// Throws `.invalidRequest` for a revision that is longer than any.
    public func check() throws(XetError) {
        guard revision.utf8.count <= Self.maximumRevisionByteCount else {
            throw XetError(.invalidRequest, "a revision has at most \(Self.maximumRevisionByteCount) bytes")
        }
    }
}

/// A token for the CAS, and where that is; never printed.
public struct CASToken: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// Base address of the CAS, the only place the token may be sent to.
    public let endpoint: String
    /// The bearer token.
    public let secret: String
    /// Unix seconds at which it ends.
    public let expiration: UInt64

    /// Makes a token.
    public init(endpoint: String, secret: String, expiration: UInt64) {
        self.endpoint = endpoint
        self.secret = secret
        self.expiration = expiration
    }

    public var description: String { "<token for \(endpoint)>" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Gets CAS tokens.
public protocol TokenProvider: Sendable {
    /// A token that has some time left.
    ///
    /// `refused` is one that the CAS did not accept: it is not given again. Throws ``XetError``.
    func casToken(for scope: TokenScope, refused: CASToken?) async throws -> CASToken
}
