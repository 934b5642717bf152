import NIOCore
import Synchronization
import XetAccess
import XetCore
import XetStore
import _NIOFileSystem

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Which files were uploaded to which repository: their terms are given to those who may read that repository.
///
/// Kept as a text file of lines `kind/owner/name hash` that only grows. A line begins with its line feed, so that one
/// that was not written to its end, which is left out, does not spoil the next.
final class UploadLedger: Sendable {
    /// Longest file that is read.
    private static let maximumByteCount: Int64 = 1 << 30

    private let path: FilePath
    private let gate = TaskGate()
    private let files: Mutex<[Repository: Set<FileHash>]>

    private init(path: FilePath, files: sending [Repository: Set<FileHash>]) {
        self.path = path
        self.files = Mutex(files)
    }

    /// Reads the file, if there is one.
    static func open(_ path: FilePath) async throws -> UploadLedger {
        guard try await FileSystem.shared.info(forFileAt: path) != nil else {
            return UploadLedger(path: path, files: [:])
        }
        let bytes = try await ByteBuffer(contentsOf: path, maximumSizeAllowed: .bytes(maximumByteCount))
        var files: [Repository: Set<FileHash>] = [:]
        for line in String(buffer: bytes).split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let slash = parts[0].firstIndex(of: "/"),
                let kind = RepositoryKind(rawValue: String(parts[0][..<slash])),
                let repository = Repository(kind: kind, name: String(parts[0][slash...].dropFirst())),
                let file = FileHash(String(parts[1]))
            else { continue }
            files[repository, default: []].insert(file)
        }
        return UploadLedger(path: path, files: files)
    }

    /// The repositories that a file was uploaded to, sorted by name.
    func repositories(of file: FileHash) -> [Repository] {
        files.withLock { files in files.filter { $0.value.contains(file) }.map(\.key) }
            .sorted { $0.description < $1.description }
    }

    /// Uploads that no shard describes any more, at most a thousand of them.
    func lost(from shards: DiskShardStore) -> [(repository: Repository, file: FileHash)] {
        let all = files.withLock { $0 }.sorted { $0.key.description < $1.key.description }
        let lost = all.lazy.flatMap { repository, files in
            files.sorted().lazy.filter { !shards.describes($0) }.map { (repository, $0) }
        }
        return Array(lost.prefix(1000))
    }

    func contains(_ file: FileHash, in repository: Repository) -> Bool {
        files.withLock { $0[repository]?.contains(file) ?? false }
    }

    /// Remembers files.
    ///
    /// They are on disk when this returns.
    func insert(_ hashes: [FileHash], in repository: Repository) async throws {
        try await gate.withTurn {
            let new = files.withLock { files in hashes.filter { files[repository]?.contains($0) != true } }
            guard !new.isEmpty else { return }
            let lines = new.map { "\n\(repository.kind.rawValue)/\(repository.name) \($0)" }.joined()
            let isThere = try await FileSystem.shared.info(forFileAt: path) != nil
            let options = OpenOptions.Write.modifyFile(createIfNecessary: true)
            try await FileSystem.shared.withFileHandle(forWritingAt: path, options: options) { file in
                let end = try await file.info().size
                _ = try await file.write(contentsOf: ByteBuffer(string: lines), toAbsoluteOffset: end)
                try await file.synchronize()
            }
            if !isThere { try await FileSystem.shared.synchronizeFolder(path.removingLastComponent()) }
            files.withLock { $0[repository, default: []].formUnion(new) }
        }
    }
}
