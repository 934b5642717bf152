/// A caller's bearer token for the Hub; never printed.
public struct HubToken: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The token.
    ///
    /// Send it to the Hub only.
    public let secret: String

    /// `nil` if it is empty or cannot stand in a header.
    public init?(_ secret: some StringProtocol) {
        guard !secret.isEmpty, secret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.secret = String(secret)
    }

    public var description: String { "<token>" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
