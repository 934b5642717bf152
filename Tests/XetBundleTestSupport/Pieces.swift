package import NIOCore
import Synchronization

/// Bytes that are read piece by piece.
package final class Pieces: Sendable {
    private let rest: Mutex<ByteBuffer>
    private let pieceByteCount: Int

    package init(_ bytes: [UInt8], pieceByteCount: Int = 1 << 16) {
        rest = Mutex(ByteBuffer(bytes: bytes))
        self.pieceByteCount = pieceByteCount
    }

    /// The next ones; none at the end.
    package func next() -> ByteBuffer {
        rest.withLock { rest in rest.readSlice(length: min(pieceByteCount, rest.readableBytes)) ?? ByteBuffer() }
    }
}
