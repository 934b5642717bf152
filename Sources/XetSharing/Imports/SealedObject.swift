import BLAKE3
import NIOCore
import XetCore

/// An object that is read whole, or not at all: its content, and behind it a seal of its name and all of that.
enum SealedObject {
    /// BLAKE3 with the key of the ``SharedArea``.
    static let sealByteCount = 32

    /// The object of a name.
    static func bytes(_ content: ByteBuffer, as name: String, key: BLAKE3Key) -> ByteBuffer {
        var bytes = content
        var seal: [UInt8] = []
        let digest = digest(content, name, key)
        for word in [digest.w0, digest.w1, digest.w2, digest.w3] { seal.appendLittleEndian(word) }
        bytes.writeBytes(seal)
        return bytes
    }

    /// What is in an object; `nil` if whoever has the key did not write it under this name.
    static func content(_ bytes: ByteBuffer, of name: String, key: BLAKE3Key) -> ByteBuffer? {
        let count = bytes.readableBytes - sealByteCount
        guard count >= 0, let content = bytes.getSlice(at: bytes.readerIndex, length: count) else { return nil }
        let (digest, seal) = (digest(content, name, key), bytes.readableBytesSpan.extracting(count...))
        let words = (0..<4).map { seal.littleEndianUInt64(at: $0 * 8) }
        return words == [digest.w0, digest.w1, digest.w2, digest.w3] ? content : nil
    }

    private static func digest(_ content: ByteBuffer, _ name: String, _ key: BLAKE3Key) -> BLAKE3Digest {
        var hasher = BLAKE3Hasher(key: key)
        let name = Array(name.utf8) + [0]
        hasher.update(name.rawSpan)
        hasher.update(content.readableBytesSpan)
        return hasher.finalize()
    }
}
