/// The answer of the Hub's token routes; the same values also stand in headers.
public struct TokenBody: Codable, Hashable, Sendable {
    /// Longest token or address accepted, in bytes.
    public static let maximumFieldByteCount = 64_000

    /// Base address of the CAS.
    public let casURL: String
    /// Bearer token for the CAS.
    public let accessToken: String
    /// Unix seconds at which the token ends.
    public let expiration: UInt64

    enum CodingKeys: String, CodingKey {
        case casURL = "casUrl"
        case accessToken
        case expiration = "exp"
    }

    /// Makes an answer.
    public init(casURL: String, accessToken: String, expiration: UInt64) {
        self.casURL = casURL
        self.accessToken = accessToken
        self.expiration = expiration
    }
}
