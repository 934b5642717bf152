import Crypto
import NIOCore
import XetCore
import XetWire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The name of a Git object, SHA-1 over its kind, length and content.
///
/// SHA-1 is what Git's names are made of; nothing here relies on its strength.
struct GitObjectID: Hashable, Sendable {
    let bytes: [UInt8]

    /// 40 hex digits.
    var text: String { bytes.hexText }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// `nil` unless there are 40 hex digits.
    init?(_ text: String) {
        guard text.utf8.count == 40, let bytes = [UInt8](hexText: text) else { return nil }
        self.bytes = bytes
    }

    init(blob content: [UInt8]) {
        self.init(kind: "blob", content)
    }

    /// A folder, from the names, modes and objects in it.
    init(tree entries: [TreeEntry]) {
        let sorted = entries.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }
        self.init(kind: "tree", sorted.flatMap(\.record))
    }

    /// A first commit of a tree.
    ///
    /// Its author and date are fixed, so that it depends on the content alone.
    init(commitOf tree: GitObjectID, message: String) {
        let author = "origin <origin@localhost> 0 +0000"
        let text = "tree \(tree.text)\nauthor \(author)\ncommitter \(author)\n\n\(message)\n"
        self.init(kind: "commit", Array(text.utf8))
    }

    private init(kind: String, _ content: [UInt8]) {
        let header = Array("\(kind) \(content.count)\0".utf8)
        bytes = Array(Insecure.SHA1.hash(data: header + content))
    }

    /// A file or folder in a tree.
    struct TreeEntry: Sendable {
        let name: Substring
        let isFolder: Bool
        let object: GitObjectID

        fileprivate var record: [UInt8] {
            Array("\(isFolder ? "40000" : "100644") \(name)\0".utf8) + object.bytes
        }

        /// Git sorts folders as if their names ended with a slash.
        fileprivate var sortKey: [UInt8] {
            Array(name.utf8) + (isFolder ? [UInt8(ascii: "/")] : [])
        }
    }

    /// A blob whose content comes in pieces.
    struct BlobHasher: Sendable {
        private var hasher = Insecure.SHA1()

        init(byteCount: UInt64) {
            hasher.update(data: Array("blob \(byteCount)\0".utf8))
        }

        mutating func append(_ piece: ByteBuffer) {
            // SAFETY: the bytes are only read inside the call that lends them.
            unsafe piece.withUnsafeReadableBytes { unsafe hasher.update(bufferPointer: $0) }
        }

        func finish() -> GitObjectID {
            GitObjectID(bytes: Array(hasher.finalize()))
        }
    }
}

/// The small file that stands for a large one in Git.
///
/// Source: Git LFS, "Git LFS Specification", The Pointer.
struct LFSPointer: Hashable, Sendable {
    let text: String
    let object: GitObjectID

    /// Length of the pointer itself.
    var byteCount: Int { text.utf8.count }

    init(sha256: XetCore.SHA256Digest, byteCount: UInt64) {
        text = "version https://git-lfs.github.com/spec/v1\noid sha256:\(sha256)\nsize \(byteCount)\n"
        object = GitObjectID(blob: Array(text.utf8))
    }
}
