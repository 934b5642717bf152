import XetAccess
import XetWire

/// A CAS token as the proxy hands it out: the real one, the CAS it belongs to, and a signature over both.
///
/// So the proxy knows without any memory where a request goes, and no client can have it ask another host. Its text is
/// `expiration.endpoint.code.token`; the client could read the real token, which was issued to it anyway.
struct CASPass: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// Seconds that the proxy takes a token longer than it says: the CAS judges by its own clock, not by ours.
    static let leeway: UInt64 = 300

    /// The real token, and where it may be sent.
    let token: CASToken
    /// The same place, parsed.
    let endpoint: HTTPAddress

    /// `nil` if the token cannot be used: its CAS has no address, or it cannot stand in a header.
    init?(_ token: CASToken) {
        guard let endpoint = HTTPAddress(token.endpoint), HubToken(token.secret) != nil,
            token.secret.utf8.count <= TokenBody.maximumFieldByteCount
        else { return nil }
        self.token = token
        self.endpoint = endpoint
    }

    /// `nil` unless `signer` sealed the text and it has not ended at `now`.
    init?(sealed: String, _ signer: Signer, now: UInt64) {
        let parts = sealed.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let expiration = UInt64(parts[0]),
            now < max(expiration, expiration &+ Self.leeway),
            let endpoint = Base64URL.decode(parts[1]).flatMap({ String(validating: $0, as: UTF8.self) }),
            let code = Base64URL.decode(parts[2]),
            signer.isValid(code, .proxyToken, Self.parts(parts[0], endpoint, parts[3]))
        else { return nil }
        self.init(CASToken(endpoint: endpoint, secret: parts[3], expiration: expiration))
    }

    /// What a client sends as its bearer token.
    func sealed(_ signer: Signer) -> String {
        let expiration = "\(token.expiration)"
        let code = signer.code(.proxyToken, Self.parts(expiration, token.endpoint, token.secret))
        let endpoint = Base64URL.encode(Array(token.endpoint.utf8))
        return "\(expiration).\(endpoint).\(Base64URL.encode(code)).\(token.secret)"
    }

    private static func parts(_ expiration: String, _ endpoint: String, _ secret: String) -> [[UInt8]] {
        [expiration, endpoint, secret].map { Array($0.utf8) }
    }

    var description: String { "\(token)" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
