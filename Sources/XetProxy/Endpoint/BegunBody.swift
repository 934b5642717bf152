import Hummingbird
import NIOCore

/// A body whose first piece has been read to see whether there is one; read on by one task.
struct BegunBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var first: ByteBuffer?
        fileprivate var rest: RequestBody.AsyncIterator

        mutating func next() async throws -> ByteBuffer? {
            try await next(isolation: #isolation)
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            if let piece = first.take() { return piece }
            return try await rest.next(isolation: actor)
        }
    }

    private let first: ByteBuffer
    /// `nonisolated(unsafe)`: the iterator is not Sendable, and the one task that reads the body goes on with a copy.
    private nonisolated(unsafe) let rest: RequestBody.AsyncIterator

    /// Waits for the first piece; `nil` if the body ends without one.
    init?(_ body: RequestBody) async throws {
        var pieces = body.makeAsyncIterator()
        var first = try await pieces.next()
        while first?.readableBytes == 0 { first = try await pieces.next() }
        guard let first else { return nil }
        self.first = first
        unsafe rest = pieces
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(first: first, rest: unsafe rest)
    }
}
