import AsyncHTTPClient
package import NIOCore
import XetAccess
import XetWire

/// The body of an answer, piece by piece, as it comes.
///
/// Precondition: one iterator is made of it.
package struct UpstreamPieces: AsyncSequence, Sendable {
    package struct AsyncIterator: AsyncIteratorProtocol {
        /// `nonisolated(unsafe)`: the iterator is not Sendable, and the one task that has this calls it.
        private nonisolated(unsafe) var iterator: HTTPClientResponse.Body.AsyncIterator
        private let pieces: UpstreamPieces

        init(_ pieces: UpstreamPieces) {
            unsafe iterator = pieces.body.makeAsyncIterator()
            self.pieces = pieces
        }

        package mutating func next() async throws -> ByteBuffer? {
            let piece: ByteBuffer?
            do {
                piece = try await unsafe iterator.next()
            } catch {
                throw UpstreamHTTP.failure(error, pieces.address, of: pieces.service)
            }
            if let piece { pieces.metrics?.noteReceived(UInt64(piece.readableBytes), from: pieces.service) }
            return piece
        }
    }

    private let body: HTTPClientResponse.Body
    private let address: HTTPAddress
    private let service: UpstreamService
    private let metrics: UpstreamMetrics?

    init(
        _ body: HTTPClientResponse.Body,
        from address: HTTPAddress,
        of service: UpstreamService,
        _ metrics: UpstreamMetrics?
    ) {
        self.body = body
        self.address = address
        self.service = service
        self.metrics = metrics
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
