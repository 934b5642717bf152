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
    /// Proxies in front of this one whose `Forwarded` and `X-Forwarded-*` headers are believed.
    public var trustedPeers: [AddressRange] = []
    /// The repositories that are served; all if empty.
    public var allow: [RepositoryPattern] = []
    /// Repositories that are not served even if `allow` names them.
    public var deny: [RepositoryPattern] = []
    /// Whether requests that change something on the Hub are passed on.
    public var allowWrites = false
    /// The 32-byte key that signs the URLs which the proxy hands out; `nil` makes one for this process alone.
    ///
    /// Proxies with the same key accept each other's URLs.
    public var signingKey: [UInt8]?

    /// The defaults.
    public init() {}
}
