/// What went wrong while talking to a Hub, a CAS or a CDN, or with what they sent.
public struct XetError: Error, Sendable {
    /// The kind of failure; more may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The request itself makes no sense.
        public static let invalidRequest = Code(description: "invalid request")
        /// No credentials, or ones that are not accepted.
        public static let unauthorized = Code(description: "unauthorized")
        /// Accepted credentials without the right to this.
        public static let forbidden = Code(description: "forbidden")
        /// No such repository, revision, file or xorb.
        public static let notFound = Code(description: "not found")
        /// The range begins at or after the end of the file.
        public static let rangeNotSatisfiable = Code(description: "range not satisfiable")
        /// Too many requests; ``XetError/retryAfter`` may say when to come back.
        public static let rateLimited = Code(description: "rate limited")
        /// The server answered with a failure of its own.
        public static let unavailable = Code(description: "unavailable")
        /// No connection, or one that broke.
        public static let connectionFailed = Code(description: "connection failed")
        /// No way there as things are set up: a certificate that is not trusted, a proxy that refuses.
        public static let unreachable = Code(description: "unreachable")
        /// Nobody upstream is asked, as things are set up, and what is needed is not kept.
        public static let offline = Code(description: "offline")
        /// Nothing came for too long.
        public static let timedOut = Code(description: "timed out")
        /// The signed URL is no longer good.
        public static let expired = Code(description: "expired")
        /// The bytes are not what they should be.
        public static let corrupt = Code(description: "corrupt")
        /// The answer breaks the protocol.
        public static let invalidResponse = Code(description: "invalid response")
    }

    /// The kind of failure.
    public let code: Code
    /// A sentence for a person: what, where, expected and found.
    ///
    /// No secrets.
    public let message: String
    /// What led to it.
    public let cause: (any Error)?
    /// The upstream's answer, if it gave one.
    public let response: UpstreamFailure?
    /// The server that failed, where one did.
    public let server: UpstreamServer?

    /// Makes an error.
    public init(
        _ code: Code,
        _ message: String,
        cause: (any Error)? = nil,
        response: UpstreamFailure? = nil,
        server: UpstreamServer? = nil
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.response = response
        self.server = server
    }

    /// Whether the same request may succeed when it is repeated.
    public var isTransient: Bool { isOutage || code == .expired || code == .corrupt }

    /// Whether a server, or the way there, is away for a while: then what fails is no word on what was asked for.
    public var isOutage: Bool {
        switch code {
        case .rateLimited, .unavailable, .connectionFailed, .timedOut: true
        default: false
        }
    }

    /// Whether nobody has answered: what is known from before may stand in.
    public var isUnanswered: Bool { isOutage || code == .offline }

    /// Seconds that the server asked to wait.
    public var retryAfter: Int? { response?.retryAfter }
}

/// An error status of a Hub, CAS or CDN, with what it said about it.
public struct UpstreamFailure: Hashable, Sendable {
    /// The HTTP status code.
    public let status: Int
    /// `X-Error-Code`.
    public let errorCode: String?
    /// `X-Error-Message`.
    public let errorMessage: String?
    /// `X-Repo-Commit`, which lets clients remember that a file is not there.
    public let commit: String?
    /// `Retry-After` in seconds, a date counted from the answer's own; without one, what `RateLimit` says of when to come back.
    public let retryAfter: Int?
    /// `RateLimit`, as it came.
    public let rateLimit: String?
    /// `RateLimit-Policy`, as it came.
    public let rateLimitPolicy: String?

    /// Makes a record.
    public init(
        status: Int,
        errorCode: String? = nil,
        errorMessage: String? = nil,
        commit: String? = nil,
        retryAfter: Int? = nil,
        rateLimit: String? = nil,
        rateLimitPolicy: String? = nil
    ) {
        self.status = status
        self.errorCode = errorCode
        self.errorMessage = errorMessage
        self.commit = commit
        self.retryAfter = retryAfter
        self.rateLimit = rateLimit
        self.rateLimitPolicy = rateLimitPolicy
    }
}

extension XetError: CustomStringConvertible {
    public var description: String {
        guard let cause else { return "\(code): \(message)" }
        return "\(code): \(message) (\(cause))"
    }
}
