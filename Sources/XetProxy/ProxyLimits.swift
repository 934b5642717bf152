/// What a proxy grants its clients.
public struct ProxyLimits: Sendable, Equatable {
    /// Downloads at the same time, all clients together; 0 means no limit.
    public var downloads = 4096
    /// Downloads at the same time for one token, or for one address where there is no token; 0 means no limit.
    public var downloadsPerClient = 0
    /// Bytes of a request body that is passed on, none of it kept in memory: the most that a Hub takes in one piece.
    public var bodyByteCount = 5 << 30
    /// Bytes of a request's head.
    public var headerByteCount = 64 << 10
    /// How long a connection may stand without a request, and a request's head may take to come.
    public var idleTimeout = Duration.seconds(60)
    /// Bytes per second that a client has to take, over 60 s of waiting for it; 0 means no limit.
    public var leastClientRate = 1 << 10

    /// The defaults.
    public init() {}
}
