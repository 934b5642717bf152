import Hummingbird
import NIOCore
import XetDownload

/// A body that is held as a whole, and the memory that it counts as until it has left or is dropped.
struct BufferedBody: Sendable {
    /// Most bytes of a write: what is written may be copied, by TLS for one.
    private static let pieceByteCount = 256 << 10

    let bytes: [UInt8]
    /// `nil` if nobody counts it.
    let reservation: AnswerReservation?

    /// The body of a response, written piece by piece as the client takes it.
    var responseBody: ResponseBody {
        ResponseBody { writer in
            for start in stride(from: 0, to: bytes.count, by: Self.pieceByteCount) {
                let piece = bytes[start..<min(start + Self.pieceByteCount, bytes.count)]
                try await writer.write(ByteBuffer(bytes: piece))
            }
            try await writer.finish(nil)
            reservation?.giveBack()
        }
    }
}
