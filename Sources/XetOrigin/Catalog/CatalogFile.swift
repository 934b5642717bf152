import NIOCore
import XetCore
import XetStore
import _NIOFileSystem

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What is remembered of files between runs, so that only new and changed ones are read.
struct CatalogFile: Sendable {
    /// What was found when a file was read: Git's name of a small one and hashes of its pieces, hashes of a large one.
    struct Record: Hashable, Sendable, Codable {
        /// Kind, owner, name and path, from the folder that is served.
        let path: String
        let stamp: FileStamp
        var git: String?
        var pieces: [String]?
        var sha256: String?
        var xet: String?
    }

    private struct Body: Codable {
        static let version = 1

        let version: Int
        /// The folder that is served.
        ///
        /// Another folder's files are other files, whatever their names.
        let root: String
        let files: [Record]
    }

    /// Longest file that is read.
    private static let maximumByteCount: Int64 = 1 << 30

    let path: FilePath
    let root: FilePath
    private var records: [RepositoryPath: Record] = [:]

    init(path: FilePath, root: FilePath) {
        self.path = path
        self.root = root
    }

    /// Reads the records, if there are any for this folder.
    ///
    /// Throws if the file is there but cannot be used.
    mutating func load() async throws {
        guard try await FileSystem.shared.info(forFileAt: path) != nil else { return }
        let bytes = try await ByteBuffer(contentsOf: path, maximumSizeAllowed: .bytes(Self.maximumByteCount))
        let body = try JSONDecoder().decode(Body.self, from: Data(bytes.readableBytesView))
        guard body.version == Body.version, body.root == root.string else { return }
        for record in body.files {
            records[RepositoryPath(record.path)] = record
        }
    }

    /// Writes the records, replacing the file at once.
    func save() async throws {
        let body = Body(
            version: Body.version,
            root: root.string,
            files: records.sorted { $0.key < $1.key }.map(\.value)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try await FileSystem.shared.replaceFile(at: path, with: Array(try encoder.encode(body)))
    }

    /// What is known of a file, if it has not changed since.
    func record(of file: RepositoryFile) -> Record? {
        guard let record = records[Self.key(file)], record.stamp == file.file.stamp else { return nil }
        return record
    }

    mutating func insert(_ file: RepositoryFile, _ content: RegularContent) {
        records[Self.key(file)] = Record(
            path: file.description,
            stamp: file.file.stamp,
            git: content.object.text,
            pieces: content.pieces.map(\.text)
        )
    }

    mutating func insert(_ file: RepositoryFile, xet: FileHash, sha256: SHA256Digest) {
        records[Self.key(file)] = Record(
            path: file.description,
            stamp: file.file.stamp,
            sha256: sha256.text,
            xet: xet.text
        )
    }

    /// Forgets what is not among `files`.
    mutating func keep(_ files: [RepositoryFile]) {
        let keys = Set(files.map(Self.key))
        records = records.filter { keys.contains($0.key) }
    }

    private static func key(_ file: RepositoryFile) -> RepositoryPath { RepositoryPath(file.description) }
}
