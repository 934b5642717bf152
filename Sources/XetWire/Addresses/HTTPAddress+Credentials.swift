import XetCore

extension HTTPAddress {
    /// A user and a password that stand in an address, decoded; never printed.
    public struct Credentials: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
        /// The user.
        public let user: String
        /// The password; empty if there is none.
        public let password: String

        public var description: String { "<credentials>" }
        public var customMirror: Mirror { Mirror(self, children: [:]) }
    }

    /// Parses an address that may name a user, `https://user:password@host/path`, into one that does not and who that is.
    ///
    /// `nil` if the rest is no address, or if user or password are not percent-encoded text.
    public static func split(_ text: String) -> (address: HTTPAddress, credentials: Credentials?)? {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        let authority = text[scheme.upperBound...].prefix { !"/?#".contains($0) }
        guard let at = authority.lastIndex(of: "@") else { return HTTPAddress(text).map { ($0, nil) } }
        guard authority.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = HTTPAddress(text[..<scheme.upperBound] + text[text.index(after: at)...]),
            let user = PercentEncoding.decode(parts[0]),
            let password = PercentEncoding.decode(parts.count == 2 ? parts[1] : "")
        else { return nil }
        return (address, Credentials(user: user, password: password))
    }
}
