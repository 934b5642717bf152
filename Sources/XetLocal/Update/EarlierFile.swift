package import XetCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is here and may be an earlier version of one that is to be downloaded.
package struct EarlierFile: Sendable {
    package let path: LocalPath
    /// Its hash, if that is on record.
    package let hash: FileHash?
    /// Its chunks, if it was read already.
    package var chunks: LocalChunks?

    package init(_ path: LocalPath, hash: FileHash? = nil) {
        self.path = path
        self.hash = hash
    }

    /// Its length; 0 if it is no plain file, or there is none.
    ///
    /// Blocks the thread.
    var byteCount: UInt64 {
        guard let status = try? open()?.status(), status.kind == .regular else { return 0 }
        return status.byteCount
    }

    /// Its chunks; `nil` if it cannot be read, or is no plain file.
    func read() async throws -> LocalChunks? {
        if let chunks { return chunks }
        guard let file = open(), try file.status().kind == .regular else { return nil }
        do {
            return try await LocalChunks(file)
        } catch is FileHashError {
            return nil
        }
    }

    private func open() -> OpenFile? {
        try? OpenFile(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY, operation: .open)
    }
}
