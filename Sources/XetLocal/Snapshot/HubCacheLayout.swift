import NIOCore
package import XetCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A repository in the cache of the official client (`huggingface_hub`), as other programs look for it there.
///
/// ```
/// models--owner--name/blobs/{SHA-256 or Git's name of the content}
/// models--owner--name/refs/{revision}                  the commit, as text
/// models--owner--name/snapshots/{commit}/{path}        a link to the content
/// .locks/models--owner--name/{content}.lock            held by whoever writes the content
/// ```
package struct HubCacheLayout: Sendable {
    /// Where the repository is.
    package let folder: LocalPath
    private let locks: LocalPath

    /// A repository below `root`; `nil` for kinds that the official client does not keep there.
    package init?(root: LocalPath, repository: Repository) {
        guard [.model, .dataset, .space].contains(repository.kind) else { return nil }
        let name = ([repository.kind.plural] + repository.name.split(separator: "/").map(String.init)).joined(
            separator: "--"
        )
        folder = root.appending(name)
        locks = root.appending(".locks").appending(name)
    }

    package func prepare() throws(LocalFileError) {
        for folder in [folder.appending("blobs"), folder.appending("snapshots"), folder.appending("refs"), locks] {
            try Folder.make(folder)
        }
    }

    /// Where the links of a commit are.
    package func snapshot(_ commit: String) -> LocalPath { folder.appending("snapshots").appending(commit) }

    /// Where a content is.
    ///
    /// Throws ``LocalFileError/namelessContent(_:)`` if the Hub says nothing that it could be called by.
    package func blob(_ claim: ContentClaim, of path: RepositoryPath) throws(LocalFileError) -> LocalPath {
        folder.appending("blobs").appending(try Self.name(claim, path))
    }

    /// Whether a content of this length has the name.
    package func isBlob(_ path: LocalPath, of byteCount: UInt64) -> Bool {
        let file = try? OpenFile(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY, operation: .open)
        guard let status = try? file?.status() else { return false }
        return status.kind == .regular && status.byteCount == byteCount
    }

    /// The lock of a content; `nil` if another process holds it.
    package func lock(_ claim: ContentClaim, of path: RepositoryPath) throws(LocalFileError) -> OpenFile? {
        let path = locks.appending(try Self.name(claim, path) + ".lock")
        let file = try OpenFile(path, flags: O_RDWR | O_CREAT, operation: .create)
        return try file.tryLock() ? file : nil
    }

    /// Makes the path of a file at a commit lead to its content.
    package func link(_ path: RepositoryPath, to claim: ContentClaim, commit: String) throws(LocalFileError) {
        let link = path.path(in: snapshot(commit))
        try Folder.make(link.folder)
        // From the folder of the link up to that of the repository.
        let depth = 2 + path.text.utf8.count { $0 == UInt8(ascii: "/") }
        let target = String(repeating: "../", count: depth) + "blobs/" + (try Self.name(claim, path))
        try Folder(link.folder).link(link.name, to: Array(target.utf8))
    }

    /// The commit that a revision meant when it was last downloaded; `nil` if that is not known.
    ///
    /// Blocks the thread.
    package func commit(of revision: String) -> String? {
        guard let name = RepositoryPath(revision),
            let file = try? OpenFile(
                name.path(in: folder.appending("refs")),
                flags: O_RDONLY | O_NONBLOCK | O_NOCTTY,
                operation: .open
            ),
            let text = try? ReadableFile(file).read(at: 0, count: 64)
        else { return nil }
        let commit = String(decoding: text.readableBytesView, as: UTF8.self)
        return commit.utf8.count == 40 && commit.utf8.allSatisfy({ $0.hexValue != nil }) ? commit : nil
    }

    /// Notes what commit a revision means.
    package func note(_ revision: String, commit: String) throws(LocalFileError) {
        guard revision != commit, let name = RepositoryPath(revision) else { return }
        let path = name.path(in: folder.appending("refs"))
        try Folder.make(path.folder)
        try Folder(path.folder).replace(path.name, with: Array(commit.utf8))
    }

    private static func name(_ claim: ContentClaim, _ path: RepositoryPath) throws(LocalFileError) -> String {
        guard let name = claim.sha256 ?? claim.gitBlob else { throw .namelessContent(LocalPath(path.text)) }
        return name
    }
}
