import HTTPTypes
import Hummingbird
import NIOCore

/// What a client waits for before it sends a body: `Expect: 100-continue`.
///
/// Source: RFC 9110, section 10.1.1.
enum Expectation {
    /// Tells the connection that somebody wants the body; goes down its pipeline.
    struct Wanted: Sendable {}

    /// Whether a request waits for word before it sends its body.
    ///
    /// Throws 417 for any other expectation.
    static func waits(_ request: HTTPRequest) throws(RequestRefusal) -> Bool {
        let fields = request.headerFields[values: .expect]
        guard !fields.isEmpty else { return false }
        guard fields.allSatisfy({ $0.lowercased() == "100-continue" }) else {
            throw RequestRefusal(.expectationFailed, "no expectation but 100-continue is known here")
        }
        return true
    }

    /// The answer that lets the body come.
    static let goAhead = HTTPResponse(status: .continue)
}

/// A body whose sender waits for word: the first who reads it has that sent.
struct ExpectedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: RequestBody.AsyncIterator
        fileprivate let channel: any Channel
        fileprivate var hasAsked = false

        mutating func next() async throws -> ByteBuffer? {
            try await next(isolation: #isolation)
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            if !hasAsked {
                hasAsked = true
                channel.triggerUserOutboundEvent(Expectation.Wanted(), promise: nil)
            }
            return try await base.next(isolation: actor)
        }
    }

    let base: RequestBody
    let channel: any Channel

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), channel: channel)
    }
}
