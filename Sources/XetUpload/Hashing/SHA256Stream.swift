import Crypto
import NIOCore
import XetCore

/// SHA-256 of a file that comes in pieces.
struct SHA256Stream {
    private var hasher = SHA256()

    mutating func append(_ piece: ByteBuffer) {
        // SAFETY: the bytes are only read inside the call that lends them.
        unsafe piece.withUnsafeReadableBytes { unsafe hasher.update(bufferPointer: $0) }
    }

    func digest() -> XetCore.SHA256Digest {
        guard let digest = XetCore.SHA256Digest(bytes: Array(hasher.finalize()).rawSpan) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return digest
    }
}
