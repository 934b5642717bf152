import HTTPTypes
import Hummingbird
import XetAccess
import XetServer

/// The operator's credential, which opens the view of everything that runs.
///
/// It is none of the Hub's, and goes there never.
struct OperatorAccess: Sendable {
    /// Where a browser is asked for it: it sends it to what is below, and nowhere else (RFC 7617, section 2.2).
    static let path = "/operator/"

    private let mark: CallerMark?

    /// Nobody is the operator without a token.
    init(_ token: HubToken?) {
        mark = token.map(CallerMark.init)
    }

    /// Whether there is such a view.
    var isOpen: Bool { mark != nil }

    /// Whether a request brings the credential, as a bearer token or as the password of Basic credentials.
    func matches(_ request: HTTPRequest) -> Bool {
        guard let mark, let token = try? Caller.token(of: request, allowAnonymous: true) else { return false }
        return CallerMark(token) == mark
    }

    /// Asks for the credential.
    var challenge: Response {
        .error(
            .unauthorized,
            "this is for the operator",
            headers: [.wwwAuthenticate: #"Basic realm="xet operator", charset="UTF-8""#]
        )
    }
}
