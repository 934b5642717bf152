import NIOCore
import XetAccess
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a CAS says while it checks a shard: a line of JSON for each thing, the last of which is the end.
///
/// Source: the reference client, `/v2/shards`.
enum ShardFrames {
    private static let mostFrameByteCount = 1 << 20

    private struct Frame: Decodable {
        let type: String
        let message: String?
        let retryable: Bool?
    }

    /// Returns when the shard is registered.
    ///
    /// Throws ``XetError`` if it is refused, `.unavailable` if it may be sent again; and if the answer ends before its end.
    static func read(_ answer: UpstreamResponse) async throws {
        var rest = ByteBuffer()
        var isRegistered = false
        try await answer.forEach { piece in
            rest.writeImmutableBuffer(piece)
            while let end = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                let line = rest.readSlice(length: end - rest.readerIndex + 1) ?? ByteBuffer()
                if try isEnd(line, from: answer.address) { isRegistered = true }
            }
            rest.discardReadBytes()
            guard rest.readableBytes <= mostFrameByteCount else {
                throw XetError(.invalidResponse, "\(answer.address) sent a line that does not end")
            }
        }
        if try isEnd(rest, from: answer.address) { isRegistered = true }
        guard isRegistered else {
            throw XetError(.invalidResponse, "\(answer.address) did not say what became of a shard")
        }
    }

    private static func isEnd(_ line: ByteBuffer, from address: HTTPAddress) throws -> Bool {
        guard line.readableBytesView.contains(where: { $0 > UInt8(ascii: " ") }) else { return false }
        let frame: Frame
        do {
            frame = try JSONDecoder().decode(Frame.self, from: Data(line.readableBytesView))
        } catch {
            throw XetError(.invalidResponse, "\(address) sent a line that is no JSON", cause: error)
        }
        guard frame.type == "error" else { return frame.type == "result" }
        let isTransient = frame.retryable ?? false
        throw XetError(
            isTransient ? .unavailable : .invalidResponse,
            "\(address) refuses a shard: \(frame.message ?? "without a reason")",
            server: UpstreamServer(.cas, address)
        )
    }
}
