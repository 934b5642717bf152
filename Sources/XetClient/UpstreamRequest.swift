public import HTTPTypes
public import NIOCore
public import XetAccess
public import XetWire

/// A request that is passed on for a client.
public struct UpstreamRequest: Sendable {
    /// A body that comes in pieces.
    public struct Body: Sendable {
        /// Its length if that is known.
        public let byteCount: Int64?
        /// Gives each piece to the closure, in order.
        ///
        /// Throws what reading the body throws, and what the closure throws.
        let pieces: @Sendable (_ each: (ByteBuffer) async throws -> Void) async throws -> Void

        /// A body whose pieces come from `sequence`, which is read once.
        public init(
            byteCount: Int64?,
            _ sequence: some AsyncSequence<ByteBuffer, any Error> & Sendable
        ) {
            self.byteCount = byteCount
            pieces = { each in
                for try await piece in sequence {
                    try await each(piece)
                }
            }
        }

        /// A body that is there already.
        public init(_ bytes: ByteBuffer) {
            byteCount = Int64(bytes.readableBytes)
            pieces = { each in
                if bytes.readableBytes > 0 { try await each(bytes) }
            }
        }
    }

    /// The method.
    public var method: HTTPRequest.Method
    /// Where it goes.
    public var address: HTTPAddress
    /// What `address` belongs to.
    public var service: UpstreamService
    /// The headers, which go to every address that the request is sent to.
    public var headers: HTTPFields
    /// A header value that goes to the origin of `address` and nowhere else.
    public var authorization: String?
    /// The body if there is one.
    public var body: Body?
    /// Longest wait for the answer's head; `nil` for the usual one.
    public var headTimeout: TimeAmount?

    /// Whether it goes to its host directly, whatever the operator says of proxies: to what only this machine can reach.
    public var isDirect = false

    /// Makes a request.
    public init(
        _ method: HTTPRequest.Method,
        _ address: HTTPAddress,
        of service: UpstreamService = .cdn,
        headers: HTTPFields = [:],
        authorization: String? = nil,
        body: Body? = nil,
        headTimeout: TimeAmount? = nil
    ) {
        self.method = method
        self.address = address
        self.service = service
        self.headers = headers
        self.authorization = authorization
        self.body = body
        self.headTimeout = headTimeout
    }
}
