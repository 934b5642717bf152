import AsyncHTTPClient
import XetCore
import XetWire

/// An HTTP proxy on the way out.
///
/// Its credentials go to the proxy alone and are never printed.
public struct OutboundProxy: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    let origin: HTTPAddress.Origin
    let authorization: HTTPClient.Authorization?

    /// Parses `http://user:password@host:port`, of which only the host is needed; the port is 80 if there is none.
    ///
    /// User and password are percent-encoded. `nil` if the text is something else, such as a proxy of another kind.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        guard text.isASCII else { return nil }
        let scheme = "http://"
        let rest = text.lowercased().hasPrefix(scheme) ? text.dropFirst(scheme.count) : text[...]
        let authority = rest.prefix { !"/?#".contains($0) }
        guard rest[authority.endIndex...].allSatisfy({ $0 == "/" }) else { return nil }
        let at = authority.lastIndex(of: "@")
        let host = at.map { authority[authority.index(after: $0)...] } ?? authority
        guard let address = HTTPAddress(scheme + host) else { return nil }
        origin = address.origin
        guard let at else {
            authorization = nil
            return
        }
        let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = PercentEncoding.decode(parts[0]), !user.contains(":"),
            let password = PercentEncoding.decode(parts.count == 2 ? parts[1] : "")
        else { return nil }
        authorization = .basic(username: user, password: password)
    }

    public var description: String { origin.description }
    public var customMirror: Mirror { Mirror(self, children: ["origin": origin]) }
}
