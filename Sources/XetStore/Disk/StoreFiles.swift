import NIOCore
import XetCore
import _NIOFileSystem

/// Reads and writes the files of a store.
struct StoreFiles: Sendable {
    let layout: StoreLayout
    private let fileSystem = FileSystem.shared

    /// Creates the folders and drops what an earlier run left half written.
    func prepare() async throws {
        for folder in [layout.xorbFolder, layout.shardFolder] {
            try await createFolder(folder)
        }
        try await fileSystem.removeItem(at: layout.temporaryFolder, strategy: .platformDefault, recursively: true)
        try await createFolder(layout.temporaryFolder)
    }

    /// The hashes that the files below a folder are named after, sorted.
    func hashes<Role>(in folder: FilePath, extension: String) async throws -> [ContentHash<Role>] {
        var hashes: [ContentHash<Role>] = []
        for subfolder in try await fileSystem.entries(of: folder) where subfolder.type == .directory {
            for file in try await fileSystem.entries(of: subfolder.path) where file.type == .regular {
                if let hash: ContentHash<Role> = StoreLayout.hash(of: file.name, extension: `extension`) {
                    hashes.append(hash)
                }
            }
        }
        return hashes.sorted()
    }

    /// Writes a file beside the store, has it checked, and gives it its name; `false` if that name is taken already.
    ///
    /// A cancelled or failed write leaves nothing behind.
    func write(
        _ parts: [[UInt8]],
        to path: FilePath,
        check: (FilePath) async throws -> Void
    ) async throws -> Bool {
        let temporary = layout.temporaryFile()
        do {
            try await write(parts, toNew: temporary)
            try await check(temporary)
            try await createFolder(path.removingLastComponent())
            try await fileSystem.moveItem(at: temporary, to: path)
            return true
        } catch let error as FileSystemError where error.code == .fileAlreadyExists {
            try await fileSystem.removeItem(at: temporary)
            return false
        } catch {
            // The first error is the one to report; what may be left is dropped when the store is opened.
            _ = try? await fileSystem.removeItem(at: temporary)
            throw error
        }
    }

    /// Lends a file for reading.
    func withPieces<Result>(of path: FilePath, _ body: (FilePieces) async throws -> Result) async throws -> Result {
        try await fileSystem.withPieces(of: path, body)
    }

    private func write(_ parts: [[UInt8]], toNew path: FilePath) async throws {
        let options = OpenOptions.Write(
            existingFile: .none,
            newFile: OpenOptions.NewFile(permissions: nil, transactionalCreation: false),
            followSymbolicLinks: false,
            closeOnExec: true
        )
        try await fileSystem.withFileHandle(forWritingAt: path, options: options) { file in
            var offset: Int64 = 0
            for part in parts {
                offset += try await file.write(contentsOf: part, toAbsoluteOffset: offset)
            }
            try await file.synchronize()
        }
    }

    private func createFolder(_ path: FilePath) async throws {
        try await fileSystem.createDirectory(at: path, withIntermediateDirectories: true, permissions: nil)
    }
}
