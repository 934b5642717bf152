import XetAccess
import XetClient
import XetCore
import XetLocal
import XetWire

extension Hub {
    /// A file of a repository.
    public struct File: Hashable, Sendable {
        /// Path from the root of the repository.
        public let path: String
        /// Its length in bytes.
        public let byteCount: UInt64
        /// Its XET hash, if it is in XET.
        public let xetHash: String?
        /// SHA-256 of its content in hex, of a file in XET or Git LFS.
        public let sha256: String?
    }

    /// Lists the files of a repository.
    ///
    /// Throws ``XetError``.
    public func files(_ repository: String, revision: String? = nil) async throws -> [File] {
        let address = try self.repository(repository, revision: revision)
        var files: [File] = []
        try await parts().hub.list(
            address.repository,
            revision: address.revision ?? revision ?? "main",
            token: try token()
        ) { page in
            files += page.map {
                File(
                    path: $0.path,
                    byteCount: $0.lfs?.size ?? $0.size,
                    xetHash: $0.xetHash,
                    sha256: $0.lfs?.oid
                )
            }
        }
        return files
    }

    /// The bytes of a file, or of a range of it, as they come; nothing is kept on disk.
    ///
    /// Nothing is fetched before the first is asked for, nor much more than is taken. Of a whole file in XET the last bytes come only
    /// when all were right. Throws ``XetError``, `.rangeNotSatisfiable` for a range that is not in the file.
    public func bytes(
        _ repository: String,
        _ path: String,
        revision: String? = nil,
        range: Range<UInt64>? = nil
    ) async throws -> FileBytes {
        let (parts, request, file) = try await resolve(repository, path, revision: revision)
        let wanted = range.flatMap { FileByteRange(start: $0.lowerBound, end: $0.upperBound) }
        if let wanted, let byteCount = file.byteCount, wanted.end > byteCount {
            throw XetError(.rangeNotSatisfiable, "\(path) has \(byteCount) bytes")
        }
        return FileBytes(range: range ?? file.byteCount.map { 0..<$0 }, retry: parts.bodyRetry) {
            try await RetryPolicy().run(clock: ContinuousClock()) {
                try await parts.open(file, request, request.tokenScope(file), range: wanted)
            }
        }
    }
}
