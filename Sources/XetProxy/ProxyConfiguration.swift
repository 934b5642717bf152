public import XetCore
public import XetWire

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
    /// How long running answers may take to finish once the proxy was told to stop.
    public var drainTimeout = Duration.seconds(30)
    /// Certificate and key; without them connections are not encrypted.
    public var tls: TLSFiles?
    /// Whether connections that are not encrypted may speak HTTP/2.
    public var allowsCleartextHTTP2 = false
    /// Whether `/` is a page for people.
    public var hasUI = true
    /// How lines of the log are written.
    public var logFormat = LogFormat.logfmt

    /// The defaults.
    public init() {}
}
