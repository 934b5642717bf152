import NIOCore
import Synchronization
import XetAccess
import XetClient

/// The body of an object, of which it is known how long it is.
final class StoreBytes: AsyncSequence, Sendable {
    struct AsyncIterator: AsyncIteratorProtocol {
        /// `nil` for a second reader, who finds nothing.
        fileprivate var pieces: UpstreamPieces.AsyncIterator?
        fileprivate var rest: Int
        fileprivate let what: String

        mutating func next() async throws -> ByteBuffer? {
            guard pieces != nil else { throw ObjectStoreError(.invalid, "\(what) is read twice") }
            let piece: ByteBuffer?
            do {
                piece = try await pieces?.next()
            } catch let error as XetError {
                throw ObjectStoreError(error)
            }
            guard let piece else {
                guard rest == 0 else { throw ObjectStoreError(.away, "\(what) ends \(rest) bytes too early") }
                return nil
            }
            rest -= piece.readableBytes
            guard rest >= 0 else { throw ObjectStoreError(.invalid, "\(what) has \(-rest) bytes too many") }
            return piece
        }
    }

    private let pieces: UpstreamPieces
    private let byteCount: Int
    private let what: String
    private let isTaken = Mutex(false)

    /// `what` names the object in errors.
    init(_ pieces: UpstreamPieces, byteCount: Int, what: String) {
        self.pieces = pieces
        self.byteCount = byteCount
        self.what = what
    }

    func makeAsyncIterator() -> AsyncIterator {
        let isFirst = isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
        return AsyncIterator(pieces: isFirst ? pieces.makeAsyncIterator() : nil, rest: byteCount, what: what)
    }
}
