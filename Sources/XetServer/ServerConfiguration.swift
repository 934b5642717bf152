/// What an operator chooses for a server, whatever it serves.
public struct ServerConfiguration: Sendable {
    /// Address to listen on.
    public var host = "0.0.0.0"
    /// Port to listen on; 0 picks a free one.
    public var port = 8080
    /// What clients are granted.
    public var limits = ServerLimits()
    /// How long running answers may take to finish once the server was told to stop.
    public var drainTimeout = Duration.seconds(30)
    /// Certificate and key; without them connections are not encrypted.
    public var tls: TLSFiles?
    /// Whether connections that are not encrypted may speak HTTP/2.
    public var allowsCleartextHTTP2 = false

    /// The defaults.
    public init() {}
}
