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
    init(_ response: HTTPClientResponse, from address: HTTPAddress, of service: UpstreamService) {
        self.init(HTTPResponse(response), from: address, of: service)
    }

    /// What an error status means.
    public init(_ response: HTTPResponse, from address: HTTPAddress, of service: UpstreamService) {
        let headers = response.headerFields
        let status = response.status.code
        let code: Code =
            switch status {
            case 400: .invalidRequest
            case 401: .unauthorized
            case 403: .forbidden
            case 404, 410: .notFound
            case 504 where headers[.errorCode] == HubErrorCode.offline: .offline
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
            retryAfter: Self.retryAfter(headers) ?? wait,
            rateLimit: headers[.rateLimit],
            rateLimitPolicy: headers[.rateLimitPolicy]
        )
        self.init(code, "\(address) answered \(status)", response: failure, server: UpstreamServer(service, address))
    }

    /// Seconds until the server wants to be asked again, which it may say as a date.
    ///
    /// Its clock may be another than ours, so a date counts from that of the answer.
    private static func retryAfter(_ headers: HTTPFields) -> Int? {
        guard let text = headers[.retryAfter] else { return nil }
        if let seconds = Int(text) { return max(0, seconds) }
        guard let date = HTTPDate(text) else { return nil }
        let now = headers[.date].flatMap { HTTPDate($0) } ?? .now
        return Int(clamping: max(0, date.unixSeconds - now.unixSeconds))
    }
}

extension UpstreamServer {
    init(_ service: UpstreamService, _ address: HTTPAddress) {
        self.init(service, host: address.origin.authority)
    }
}
