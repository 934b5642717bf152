import Crypto
package import NIOCore
import Synchronization
package import XetCore

/// SHA-256 of a file that comes in pieces.
package struct SHA256Stream {
    private var hasher = SHA256()

    package init() {}

    package mutating func append(_ piece: ByteBuffer) {
        // SAFETY: the bytes are only read inside the call that lends them.
        unsafe piece.withUnsafeReadableBytes { unsafe hasher.update(bufferPointer: $0) }
    }

    package func digest() -> XetCore.SHA256Digest {
        guard let digest = XetCore.SHA256Digest(bytes: Array(hasher.finalize()).rawSpan) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return digest
    }
}

/// SHA-256 of a file whose pieces come from one task after the other.
final class FileDigest: Sendable {
    private let stream = Mutex(SHA256Stream())

    func append(_ piece: ByteBuffer) { stream.withLock { $0.append(piece) } }

    func digest() -> XetCore.SHA256Digest { stream.withLock { $0.digest() } }
}
