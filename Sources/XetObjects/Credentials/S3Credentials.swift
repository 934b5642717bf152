/// A key with which requests are signed; never printed.
public struct S3Credentials: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// Most bytes of a key or a token.
    public static let maximumByteCount = 16 << 10

    /// The key's name, which servers see.
    public let keyID: String
    /// The key itself.
    public let secret: String
    /// What goes along with a key that ends.
    public let sessionToken: String?
    /// When the key ends, in Unix seconds; `nil` if it does not.
    public let expiration: Int64?

    /// Makes credentials; blanks and line ends around the texts do not count.
    ///
    /// `nil` if a text is empty, too long or holds what no header can. An empty token is none.
    public init?(keyID: String, secret: String, sessionToken: String? = nil, expiration: Int64? = nil) {
        guard let keyID = Self.checked(keyID), !keyID.contains("/"), !keyID.contains(","), !keyID.contains("="),
            let secret = Self.checked(secret)
        else { return nil }
        var token: String?
        if let sessionToken, !sessionToken.allSatisfy(\.isWhitespace) {
            guard let checked = Self.checked(sessionToken) else { return nil }
            token = checked
        }
        self.keyID = keyID
        self.secret = secret
        self.sessionToken = token
        self.expiration = expiration
    }

    public var description: String { "<credentials>" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// The text without blanks around it, if it is printable ASCII without blanks.
    static func checked(_ text: some StringProtocol) -> String? {
        let bytes = Array(text.utf8.prefix(maximumByteCount + 64))
        let start = bytes.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return nil }
        let trimmed = start[...last]
        guard trimmed.count <= maximumByteCount, trimmed.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return String(decoding: trimmed, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
