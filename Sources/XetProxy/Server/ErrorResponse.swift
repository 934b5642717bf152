import HTTPTypes
import Hummingbird
import XetAccess
import XetServer
import XetWire

extension Response {
    /// The status and headers that stand for a failure before the head was sent.
    ///
    /// The Hub's own words (`X-Error-Code`, `X-Error-Message`, the commit, its limits) are passed on.
    static func failure(_ error: XetError) -> Response {
        var headers: HTTPFields = [:]
        headers[.errorCode] = error.response?.errorCode ?? (error.code == .offline ? HubErrorCode.offline : nil)
        // Clients show their users this of a 403, and of what has no body, and nothing else.
        let isShown = error.code == .forbidden || error.code == .offline
        headers[.errorMessage] = error.response?.errorMessage ?? (isShown ? error.message : nil)
        headers[.repoCommit] = error.response?.commit
        headers[.retryAfter] = error.retryAfter.map(String.init)
        headers[.rateLimit] = error.response?.rateLimit
        headers[.rateLimitPolicy] = error.response?.rateLimitPolicy
        if error.code == .unauthorized {
            headers[.wwwAuthenticate] = "Bearer"
        }
        return .error(error.status, error.response?.errorMessage ?? error.message, headers: headers)
    }
}

extension XetError {
    /// The status that tells a client the same as this error.
    var status: HTTPResponse.Status {
        switch code {
        case .invalidRequest: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        case .rateLimited: .tooManyRequests
        case .timedOut, .offline: .gatewayTimeout
        default: .badGateway
        }
    }
}
