/// What a proxy grants its clients beside what every server of ours does.
public struct ProxyLimits: Sendable, Equatable {
    /// Downloads at the same time, all clients together; 0 means no limit.
    public var downloads = 4096
    /// Downloads at the same time for one token, or for one address where there is no token; 0 means no limit.
    public var downloadsPerClient = 0

    /// The defaults.
    public init() {}
}
