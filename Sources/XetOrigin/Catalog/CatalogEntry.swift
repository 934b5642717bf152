import XetCore
import XetWire

/// A file of a repository, ready to be served.
struct CatalogEntry: Sendable {
    /// Where its bytes are.
    enum Storage: Sendable {
        /// In the stores, under this hash; `pointer` stands for it in Git.
        case xet(FileHash, sha256: SHA256Digest, pointer: LFSPointer)
        /// In the folder.
        case regular(RegularContent)
    }

    let path: RepositoryPath
    let stamp: FileStamp
    let storage: Storage

    var byteCount: UInt64 { UInt64(clamping: stamp.byteCount) }

    /// The object that stands for the file in Git.
    var gitObject: GitObjectID {
        switch storage {
        case .xet(_, _, let pointer): pointer.object
        case .regular(let content): content.object
        }
    }

    /// SHA-256 of large files, Git's SHA-1 of small ones, as the Hub has it.
    var etag: EntityTag {
        switch storage {
        case .xet(_, let sha256, _): EntityTag(strong: sha256.text)
        case .regular(let content): EntityTag(strong: content.object.text)
        }
    }

    /// The file's entry in listings.
    var treeEntry: TreeEntryBody {
        switch storage {
        case .xet(let hash, let sha256, let pointer):
            TreeEntryBody(
                type: "file",
                path: path.text,
                size: byteCount,
                oid: pointer.object.text,
                lfs: TreeEntryBody.LFS(oid: sha256.text, size: byteCount, pointerSize: pointer.byteCount),
                xetHash: hash.text
            )
        case .regular(let content):
            TreeEntryBody(type: "file", path: path.text, size: byteCount, oid: content.object.text)
        }
    }
}
