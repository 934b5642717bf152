/// What a server grants its clients, whatever they ask for.
public struct ServerLimits: Sendable, Equatable {
    /// Connections at the same time; 0 means no limit.
    public var connections = 16384
    /// Bytes of a request body, none of it kept in memory: the most that a Hub takes in one piece.
    public var bodyByteCount = 5 << 30
    /// Bytes of a request's head.
    public var headerByteCount = 64 << 10
    /// How long a connection may stand without a request, and a request's head may take to come.
    public var idleTimeout = Duration.seconds(60)
    /// Bytes per second that a client has to take or, while it sends a body, to send, over 60 s of waiting for it; 0 means
    /// no limit.
    public var leastClientRate = 1 << 10

    /// The defaults.
    public init() {}
}
