public import XetCore

/// What an operator chooses for the server side of a proxy.
public struct ProxyConfiguration: Sendable {
    /// Address to listen on.
    public var host = "0.0.0.0"
    /// Port to listen on; 0 picks a free one.
    public var port = 8080
    /// Whether requests without a token are passed on, for public files.
    public var allowAnonymous = false
    /// The repository whose token `/download-hash` uses when the request names none.
    public var tokenRepository: Repository?

    /// The defaults.
    public init() {}
}
