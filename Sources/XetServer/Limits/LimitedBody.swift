import NIOCore
import Synchronization

/// A request body of unknown length that ends with an error when it gets too long.
struct LimitedBody<Base: AsyncSequence & Sendable>: AsyncSequence, Sendable where Base.Element == ByteBuffer {
    typealias Element = ByteBuffer

    /// How much has come, whoever read it, and whether that was too much: for whoever sees only what came of it.
    final class Overflow: Sendable {
        private let byteCount = Mutex(0)
        private let most: Int

        fileprivate init(most: Int) { self.most = most }

        var hasHappened: Bool { byteCount.withLock { $0 > most } }

        fileprivate func note(_ count: Int) { byteCount.withLock { $0 += count } }
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: Base.AsyncIterator
        fileprivate let most: Int
        fileprivate let overflow: Overflow

        mutating func next() async throws -> ByteBuffer? {
            try await next(isolation: #isolation)
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
            guard let piece = try await base.next(isolation: actor) else { return nil }
            overflow.note(piece.readableBytes)
            guard !overflow.hasHappened else { throw NIOTooManyBytesError(maxBytes: most) }
            return piece
        }
    }

    private let base: Base
    private let most: Int
    let overflow: Overflow

    /// At most `byteCount` bytes of `base`.
    init(base: Base, byteCount: Int) {
        self.base = base
        most = byteCount
        overflow = Overflow(most: byteCount)
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), most: most, overflow: overflow)
    }
}
