import AsyncHTTPClient
public import HTTPTypes
import NIOHTTP1
public import XetAccess
public import XetWire

extension HTTPHeaders {
    subscript(first name: HTTPField.Name) -> String? {
        first(name: name.rawName)
    }
}

extension XetError {
    /// What an error status means; the body is not read.
    init(_ response: HTTPClientResponse, from address: HTTPAddress) {
        self.init(HTTPResponse(response), from: address)
    }

    /// What an error status means.
    public init(_ response: HTTPResponse, from address: HTTPAddress) {
        let headers = response.headerFields
        let status = response.status.code
        let code: Code =
            switch status {
            case 400: .invalidRequest
            case 401: .unauthorized
            case 403: .forbidden
            case 404, 410: .notFound
            case 408, 504: .timedOut
            case 416: .rangeNotSatisfiable
            case 429: .rateLimited
            case 500...: .unavailable
            default: .invalidResponse
            }
        let wait = [429, 503].contains(status) ? RateLimitHeader.wait(headers) : nil
        let failure = UpstreamFailure(
            status: status,
            errorCode: headers[.errorCode],
            errorMessage: headers[.errorMessage],
            commit: headers[.repoCommit],
            retryAfter: headers[.retryAfter].flatMap { Int($0) }.map { max(0, $0) } ?? wait,
            rateLimit: headers[.rateLimit],
            rateLimitPolicy: headers[.rateLimitPolicy]
        )
        self.init(code, "\(address) answered \(status)", response: failure)
    }
}
