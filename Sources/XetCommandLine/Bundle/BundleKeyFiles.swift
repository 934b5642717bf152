import ArgumentParser
import NIOCore
import XetBundle
import XetLocal
import _NIOFileSystem

/// Files with keys.
enum BundleKeyFiles {
    private static let maximumByteCount = 1 << 16

    /// The key that signs.
    static func signingKey(_ path: LocalPath) throws -> SigningKey {
        try reading(path) { (text) throws(BundleKeyError) in try SigningKey(pem: text) }
    }

    /// A key that is trusted.
    static func verifyingKey(_ path: LocalPath) throws -> VerifyingKey {
        try reading(path) { (text) throws(BundleKeyError) in try VerifyingKey(pem: text) }
    }

    private static func reading<Key>(_ path: LocalPath, _ key: (String) throws(BundleKeyError) -> Key) throws -> Key {
        let bytes = try ReadableFile(path: path).readNext(count: maximumByteCount)
        do {
            return try key(String(buffer: bytes))
        } catch {
            CommandFailure.print("\(path): \(error)")
            throw ExitCode.failure
        }
    }

    /// Writes a new file; that of a secret is for its owner alone.
    static func write(_ text: String, to path: LocalPath, isSecret: Bool) throws {
        let file = try FileDescriptor.open(
            FilePath(String(decoding: path.bytes, as: UTF8.self)),
            .writeOnly,
            options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
            permissions: isSecret ? .ownerReadWrite : [.ownerReadWrite, .groupRead, .otherRead]
        )
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }
}
