import NIOCore
import XetStore
import XetWire
import _NIOFileSystem

/// The key that signs tokens and addresses.
///
/// It is kept, so that those handed out before a restart stay good.
enum SigningKey {
    /// Reads the key, or makes one; only the owner of the file can read it.
    static func load(_ path: FilePath) async throws -> [UInt8] {
        guard try await FileSystem.shared.info(forFileAt: path) == nil else {
            // A byte more than there may be is enough to see that there are too many.
            let bytes = try await FileSystem.shared.withPieces(of: path) { file in
                Array(buffer: try await file.bytes(in: 0..<Int64(Signer.keyByteCount) + 1))
            }
            guard bytes.count == Signer.keyByteCount else {
                throw OriginError.invalidSigningKey(
                    path: path.string,
                    expected: Signer.keyByteCount,
                    found: bytes.count
                )
            }
            return bytes
        }
        var generator = SystemRandomNumberGenerator()
        let key = (0..<Signer.keyByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        try await FileSystem.shared.replaceFile(at: path, with: key, permissions: .ownerReadWrite)
        return key
    }
}
