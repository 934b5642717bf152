public import Logging
import Synchronization
public import XetWire

/// What an operator may change while the proxy runs.
///
/// Whoever decides by these values asks for them at each decision.
public final class ReloadableSettings: Sendable {
    /// One consistent set.
    public struct Values: Sendable {
        /// The repositories that are served; all if empty.
        public var allow: [RepositoryPattern] = []
        /// Repositories that are not served even if `allow` names them.
        public var deny: [RepositoryPattern] = []
        /// Proxies in front of this one whose `Forwarded` and `X-Forwarded-*` headers are believed.
        public var trustedPeers: [AddressRange] = []
        /// The least level that is logged.
        public var logLevel = Logger.Level.notice

        /// The defaults.
        public init() {}
    }

    private let stored: Mutex<Values>

    /// Settings that start as `values`.
    public init(_ values: Values = Values()) {
        stored = Mutex(values)
    }

    /// The present values.
    public var values: Values { stored.withLock { $0 } }

    /// The least level that is logged.
    public var logLevel: Logger.Level { stored.withLock { $0.logLevel } }

    /// Puts all values in place at once.
    public func replace(with values: Values) {
        stored.withLock { $0 = values }
    }
}
