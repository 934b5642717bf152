import XetAccess
import XetWire

/// Tells callers apart without keeping their tokens: a hash whose key this process made for itself.
struct CallerMark: Hashable, Sendable {
    private static let signer = Signer()

    private let code: [UInt8]

    init(_ token: HubToken) {
        code = Self.signer.code(Signer.Purpose("caller"), [Array(token.secret.utf8)])
    }

    /// A caller by what it sends as `Authorization`, whatever that is.
    init(authorization: String) {
        code = Self.signer.code(Signer.Purpose("authorization"), [Array(authorization.utf8)])
    }
}
