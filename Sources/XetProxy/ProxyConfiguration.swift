public import XetAccess
public import XetCore
public import XetServer
public import XetWire

/// What an operator chooses for the server side of a proxy.
public struct ProxyConfiguration: Sendable {
    /// Where and how it listens.
    public var server = ServerConfiguration()
    /// Whether requests without a token are passed on, for public files.
    public var allowAnonymous = false
    /// The repository whose token `/download-hash` uses when the request names none.
    public var tokenRepository: Repository?
    /// The address under which clients reach the proxy, perhaps with a path; `nil` takes it from each request.
    public var publicAddress: HTTPAddress?
    /// What may change while the proxy runs: lists of repositories, proxies in front, the level of the log.
    public var settings = ReloadableSettings()
    /// Whether requests that change something on the Hub are passed on.
    public var allowWrites = false
    /// The 32-byte key that signs the URLs which the proxy hands out; `nil` makes one for this process alone.
    ///
    /// Proxies with the same key accept each other's URLs.
    public var signingKey: [UInt8]?
    /// What clients are granted.
    public var limits = ProxyLimits()
    /// Whether `/` is a page for people.
    public var hasUI = true
    /// What opens the view of everything that runs, at `/operator/`.
    ///
    /// It is none of the Hub's. Nothing opens it if `nil`.
    public var operatorToken: HubToken?
    /// How lines of the log are written.
    public var logFormat = LogFormat.logfmt

    /// The defaults.
    public init() {}
}
