public import XetAccess
import XetWire

/// Which requests go through which proxy.
public struct OutboundProxies: Hashable, Sendable {
    /// For `http` addresses: it is asked for the whole URL.
    public var http: OutboundProxy?
    /// For `https` addresses: it is asked for a tunnel, and sees host and port.
    public var https: OutboundProxy?
    /// Hosts that are asked directly.
    public var exceptions: ProxyExceptions

    /// Without arguments everything is asked directly.
    public init(
        http: OutboundProxy? = nil,
        https: OutboundProxy? = nil,
        exceptions: ProxyExceptions = ProxyExceptions("")
    ) {
        self.http = http
        self.https = https
        self.exceptions = exceptions
    }

    /// Reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`; `variable` gives the value of one, if it is set.
    ///
    /// The names count in lower case first, then in upper case, `HTTP_PROXY` too: that this could be a header of a
    /// request concerns CGI programs only. Throws ``XetError`` if a proxy that counts is none that can be used.
    public init(environment variable: (String) -> String?) throws(XetError) {
        self.init(
            http: try Self.proxy(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"], variable),
            https: try Self.proxy(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"], variable),
            exceptions: ProxyExceptions(variable("no_proxy") ?? variable("NO_PROXY") ?? "")
        )
    }

    private static func proxy(_ names: [String], _ variable: (String) -> String?) throws(XetError) -> OutboundProxy? {
        for name in names {
            guard let text = variable(name), !text.isEmpty else { continue }
            guard let proxy = OutboundProxy(text) else {
                // The value may hold a password.
                let form = "http://[user:password@]host:port"
                throw XetError(.invalidRequest, "the proxy in \(name) cannot be used: expected \(form)")
            }
            return proxy
        }
        return nil
    }

    /// The proxy for requests to `origin`; `nil` if it is asked directly.
    func proxy(for origin: HTTPAddress.Origin) -> OutboundProxy? {
        guard let proxy = origin.isSecure ? https : http, !exceptions.contain(origin) else { return nil }
        return proxy
    }
}
