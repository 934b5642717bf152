import HTTPTypes
import XetAccess

/// Who asks: a bearer token, or nobody where that is allowed.
enum Caller {
    /// The caller's token; `nil` for an anonymous caller.
    ///
    /// Throws `.unauthorized` if there is no token although one is needed, or what is there is none.
    static func token(of request: HTTPRequest, allowAnonymous: Bool) throws -> HubToken? {
        guard let field = request.headerFields[.authorization] else {
            guard allowAnonymous else {
                throw XetError(.unauthorized, "send your Hub token: 'Authorization: Bearer hf_...'")
            }
            return nil
        }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", let token = HubToken(parts[1]) else {
            throw XetError(.unauthorized, "the Authorization header holds no bearer token")
        }
        return token
    }
}
