import XetAccess

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A user and a password as `.netrc` files, git and package managers keep them, one of which is a token.
///
/// Source: RFC 7617. They are taken, and never asked for: a browser would keep them and send them along with requests that
/// other sites make.
struct BasicCredentials: Sendable {
    /// What stands for a password where the user is the token.
    private static let placeholder = "x-oauth-basic"

    /// The password or, where there is none, the user.
    let token: HubToken

    /// Reads what follows `Basic`.
    ///
    /// Throws `.unauthorized` with what is wrong, and never a part of it.
    init(_ encoded: some StringProtocol) throws {
        guard let bytes = Data(base64Encoded: String(encoded)), !bytes.isEmpty else {
            throw XetError(.unauthorized, "the Basic credentials are not base64: expected that of 'user:token'")
        }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw XetError(.unauthorized, "the Basic credentials have no colon: expected 'user:token'")
        }
        let user = bytes[..<colon]
        let password = bytes[bytes.index(after: colon)...]
        let isPlaceholder = password.isEmpty || password.elementsEqual(Self.placeholder.utf8)
        guard let text = String(validating: isPlaceholder ? user : password, as: UTF8.self), let token = HubToken(text)
        else { throw XetError(.unauthorized, "the password of the Basic credentials is no token") }
        self.token = token
    }
}
