import HTTPTypes
import XetAccess
import XetWire

/// Who asks: a token, or nobody where that is allowed.
enum Caller {
    /// The caller's token, given as a bearer token or in Basic credentials; `nil` for an anonymous caller.
    ///
    /// Throws `.unauthorized` if there is no token although one is needed, or what is there is none.
    static func token(of request: HTTPRequest, allowAnonymous: Bool) throws -> HubToken? {
        guard let field = request.headerFields[.authorization] else {
            guard allowAnonymous else {
                throw XetError(.unauthorized, "send your Hub token: 'Authorization: Bearer hf_...'")
            }
            return nil
        }
        return try token(authorization: field)
    }

    /// The token that an `Authorization` header holds.
    ///
    /// Throws `.unauthorized` if there is none in it.
    static func token(authorization field: String) throws -> HubToken {
        let parts = field.split(separator: " ", maxSplits: 1)
        let value = parts.count == 2 ? parts[1] : ""
        switch parts.first?.lowercased() {
        case "bearer":
            guard let token = HubToken(value) else {
                throw XetError(.unauthorized, "the Authorization header holds no bearer token")
            }
            return token
        case "basic":
            return try BasicCredentials(value).token
        default:
            throw XetError(.unauthorized, "the Authorization header holds neither a bearer token nor Basic credentials")
        }
    }
}
