import HTTPTypes
import NIOHTTP1

/// What came is no request that anybody here may answer: the status that says so, and the end of the connection.
struct RequestRefusal: Error, Equatable {
    let status: HTTPResponse.Status
    let message: String

    init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }

    /// 400.
    init(_ message: String) {
        self.init(.badRequest, message)
    }

    /// What a failure of the parser means; `nil` for what is none, and for a client that broke off.
    init?(_ error: any Error) {
        if let refusal = error as? RequestRefusal {
            self = refusal
            return
        }
        switch error as? HTTPParserError {
        case nil, .invalidEOFState?, .closedConnection?, .paused?: return nil
        case .headerOverflow?: self.init(.requestHeaderFieldsTooLarge, "the head of the request is too long")
        case .invalidVersion?: self.init(.httpVersionNotSupported, "HTTP/1.1 and HTTP/1.0 are spoken here")
        case .invalidChunkSize?: self.init("the body is not cut into chunks as its head says")
        case .some(let error): self.init("the request is no HTTP: \(error)")
        }
    }
}
