/// A server that a request went to.
public struct UpstreamServer: Hashable, Sendable {
    /// What kind it is.
    public let service: UpstreamService
    /// Its host, with the port if that is not the usual one.
    public let host: String

    /// Makes a server.
    public init(_ service: UpstreamService, host: String) {
        self.service = service
        self.host = host
    }
}
