import NIOCore
import Synchronization

/// A request body of unknown length that ends with an error when it gets too long.
struct LimitedBody<Base: AsyncSequence & Sendable>: AsyncSequence, Sendable where Base.Element == ByteBuffer {
    typealias Element = ByteBuffer

    /// Whether a body got too long, for whoever sees only what came of it.
    final class Overflow: Sendable {
        private let flag = Mutex(false)

        var hasHappened: Bool { flag.withLock { $0 } }

        fileprivate func note() { flag.withLock { $0 = true } }
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: Base.AsyncIterator
        let most: Int
        let overflow: Overflow
        private var byteCount = 0

        fileprivate init(_ body: LimitedBody) {
            base = body.base.makeAsyncIterator()
            most = body.byteCount
            overflow = body.overflow
        }

        mutating func next() async throws -> ByteBuffer? {
            try await next(isolation: #isolation)
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            guard let piece = try await base.next(isolation: actor) else { return nil }
            byteCount += piece.readableBytes
            guard byteCount <= most else {
                overflow.note()
                throw NIOTooManyBytesError(maxBytes: most)
            }
            return piece
        }
    }

    let base: Base
    /// Most bytes.
    let byteCount: Int
    let overflow = Overflow()

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self)
    }
}
