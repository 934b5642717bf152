import NIOCore
import XetCore
package import _NIOFileSystem

/// Reads and writes the files of a store.
struct StoreFiles: Sendable {
    /// A file that is named like one of the store.
    struct Found<Role: ContentHashRole> {
        let hash: ContentHash<Role>
        let path: FilePath
        let type: FileType
    }

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

    /// What below a folder has a name of the store, sorted, whatever it is.
    func found<Role: ContentHashRole>(in folder: FilePath, extension: String) async throws -> [Found<Role>] {
        var found: [Found<Role>] = []
        for subfolder in try await fileSystem.entries(of: folder) where subfolder.type == .directory {
            for file in try await fileSystem.entries(of: subfolder.path) {
                if let hash: ContentHash<Role> = StoreLayout.hash(of: file.name, extension: `extension`) {
                    found.append(Found(hash: hash, path: file.path, type: file.type))
                }
            }
        }
        return found.sorted { $0.hash < $1.hash }
    }

    /// Reads what was found; `nil`, and a damage, if that cannot be used.
    ///
    /// Throws only what has nothing to do with the file itself, such as that too many are open.
    func read<Role: ContentHashRole, Value>(
        _ found: Found<Role>,
        _ damages: inout [StoreDamage],
        _ body: (Found<Role>) async throws -> Value
    ) async throws -> Value? {
        do {
            guard found.type == .regular else { throw StoreError.notAFile(path: found.path.string) }
            return try await body(found)
        } catch let error as StoreError {
            damages.append(StoreDamage(path: found.path.string, reason: "\(error)"))
            try await setAside(found.path)
        } catch let error as FileSystemError where error.isOfOneFile {
            damages.append(StoreDamage(path: found.path.string, reason: error.message))
        }
        return nil
    }

    /// Writes a file that has no name in the store yet; all of it is on disk when this returns.
    ///
    /// A cancelled or failed write leaves nothing behind.
    func stage(_ write: (WriteFileHandle) async throws -> Void) async throws -> FilePath {
        let path = layout.temporaryFile()
        let file = try await fileSystem.openFile(forWritingAt: path, options: .part())
        do {
            try await write(file)
            try await file.synchronize()
            try file.detachUnsafeFileDescriptor().close()
            return path
        } catch {
            drop(path)
            // Closed without awaiting, since a cancelled task could not await it; the first error is the one to report.
            try? file.detachUnsafeFileDescriptor().close()
            throw error
        }
    }

    /// Forgets a staged file.
    func drop(_ staged: FilePath) {
        SystemCalls.remove(staged)
    }

    /// Gives a staged file its name, which is on disk when this returns.
    ///
    /// Whatever has that name is set aside, so the caller has to know that it is of no use. One call at a time.
    func commit(_ staged: FilePath, as path: FilePath) async throws {
        let folder = path.removingLastComponent()
        let parent = folder.removingLastComponent()
        if let info = try await fileSystem.info(forFileAt: folder, infoAboutSymbolicLink: true), info.type != .directory
        {
            try await setAside(folder)
        }
        if try await fileSystem.info(forFileAt: folder) == nil {
            try await createFolder(folder)
            try await fileSystem.synchronizeFolder(parent)
        }
        if try await fileSystem.info(forFileAt: path, infoAboutSymbolicLink: true) != nil {
            try await setAside(path)
        }
        try SystemCalls.rename(staged, to: path)
        try await fileSystem.synchronizeFolder(folder)
    }

    /// Moves what cannot be used to where it can be looked at; of several with the same name the last stays.
    func setAside(_ path: FilePath) async throws {
        guard let name = path.lastComponent else { return }
        try await createFolder(layout.damagedFolder)
        let target = layout.damagedFolder.appending(name)
        try await fileSystem.removeItem(at: target, strategy: .platformDefault, recursively: true)
        try SystemCalls.rename(path, to: target)
    }

    /// Lends a file for reading.
    func withPieces<Result>(of path: FilePath, _ body: (FilePieces) async throws -> Result) async throws -> Result {
        try await fileSystem.withPieces(of: path, body)
    }

    private func createFolder(_ path: FilePath) async throws {
        try await fileSystem.createDirectory(at: path, withIntermediateDirectories: true, permissions: nil)
    }
}

extension FileSystemError {
    /// Whether it is about the file, and not about what the process or the machine has left.
    package var isOfOneFile: Bool {
        [.notFound, .permissionDenied, .io, .unsupported, .invalidArgument].contains(code)
    }
}
