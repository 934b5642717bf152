import Crypto
import NIOCore
import XetAccess
import XetCore
import XetWire
import _NIOFileSystem

/// Checks a file on disk against what the Hub said of it.
///
/// A download that went on from an earlier part cannot be verified while it streams, since nothing tells where the
/// chunks of that part ended.
enum LocalFileCheck {
    /// Outcome of a check.
    enum Outcome: Hashable {
        case match
        case mismatch
        /// The Hub said nothing that can be checked.
        case unknown
    }

    /// Compares by SHA-256 or Git's SHA-1, whichever the entity tag is, else by the XET hash.
    ///
    /// The XET hash of chunks that are cut anew can differ for files chunked by old clients, so a difference proves
    /// nothing wrong; the caller downloads again.
    static func check(_ path: FilePath, against file: ResolvedFile) async throws -> Outcome {
        let tag = file.etag.flatMap { EntityTag($0)?.opaque.lowercased() } ?? ""
        if tag.utf8.count == 64, SHA256Digest(tag) != nil {
            return try await hex(path, SHA256()) == tag ? .match : .mismatch
        }
        if tag.utf8.count == 40, tag.utf8.allSatisfy({ $0.hexValue != nil }), let byteCount = file.byteCount {
            var hasher = Insecure.SHA1()
            hasher.update(data: Array("blob \(byteCount)\0".utf8))
            return try await hex(path, hasher) == tag ? .match : .mismatch
        }
        if case .xet(let hash) = file.storage {
            return try await FileHash(ofFile: path) == hash ? .match : .mismatch
        }
        return .unknown
    }

    private static func hex(_ path: FilePath, _ hasher: some HashFunction) async throws -> String {
        var hasher = hasher
        try await LocalFile.forEachBlock(of: path) { block in
            hasher.update(data: Array(block.readableBytesView))
        }
        return hasher.finalize().map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }
}

/// Reading files of any size.
enum LocalFile {
    private static let blockByteCount = Int64(4 << 20)

    /// Hands over the bytes of a file in order.
    static func forEachBlock(of path: FilePath, _ body: (ByteBuffer) throws -> Void) async throws {
        let handle = try await FileSystem.shared.openFile(forReadingAt: path, options: .init())
        do {
            for try await block in handle.readChunks(chunkLength: .bytes(blockByteCount)) {
                try body(block)
            }
        } catch {
            // Nothing was written: a failure to close tells nothing beyond the first.
            try? await handle.close()
            throw error
        }
        try await handle.close()
    }
}

extension FileHash {
    /// The hash of a file on disk.
    init(ofFile path: FilePath) async throws {
        var hasher = FileHasher()
        try await LocalFile.forEachBlock(of: path) { block in
            hasher.update(block.readableBytesSpan)
        }
        self = hasher.finish()
    }
}
