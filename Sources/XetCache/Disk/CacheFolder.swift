import NIOCore
import XetStore
import _NIOFileSystem

/// The folder of a cache.
///
/// ```
/// DIR/
///   format                     "xet-cache 1"
///   lock                       held by the process that uses the folder
///   index.sqlite               which chunks are where; with -wal and -shm while it is open
///   damaged                    if that has been found damaged: the next process begins anew
///   segments/
///     3f/00000000000a1b3f      serialized chunks of one run; the name is its number, the folder its last two digits
///   import/
///     <32 hex digits>/         what a bundle has brought so far: a cache of its own, which nobody reads from
/// ```
/// Names say nothing of what is kept. The folder is for its owner alone (0700).
struct CacheFolder: Sendable {
    static let format = "xet-cache 1"
    static let folderPermissions = FilePermissions.ownerReadWriteExecute
    static let filePermissions = FilePermissions.ownerReadWrite

    let path: FilePath

    init(_ path: FilePath) {
        self.path = path
    }

    var index: FilePath { path.appending("index.sqlite") }
    var segments: FilePath { path.appending("segments") }
    /// Where bundles are staged.
    var imports: FilePath { path.appending("import") }
    private var damagedFile: FilePath { path.appending("damaged") }
    private var formatFile: FilePath { path.appending("format") }

    /// Where a run is kept.
    func segment(_ number: Int64) -> FilePath {
        let name = Self.name(number)
        return segments.appending(String(name.suffix(2))).appending(name)
    }

    private static func name(_ number: Int64) -> String {
        let digits = String(UInt64(bitPattern: number), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The number of a run from the name of its file; `nil` for any other name.
    static func number(_ name: String) -> Int64? {
        guard name.utf8.count == 16, let number = UInt64(name, radix: 16), Self.name(Int64(bitPattern: number)) == name
        else { return nil }
        return Int64(bitPattern: number)
    }

    /// The folders that segments are in.
    var segmentFolders: [FilePath] {
        (0..<256).map { number in
            let digits = String(number, radix: 16)
            return segments.appending(digits.count == 1 ? "0" + digits : digits)
        }
    }

    /// Creates what is missing, and takes the folder's lock.
    ///
    /// Throws ``CacheFolderError`` if it is no folder of this version, belongs to somebody else or is in use.
    func prepare() async throws -> FolderLock {
        let fileSystem = FileSystem.shared
        try await create(path)
        let owner = try await fileSystem.info(forFileAt: path)?.userID.rawValue
        let user = SystemCalls.user
        if let owner, owner != user {
            throw CacheFolderError.foreign(path: path.string, owner: owner, user: user)
        }
        let lock: FolderLock
        do {
            lock = try await FolderLock.take(path)
        } catch is FolderLockError {
            throw CacheFolderError.inUse(path: path.string)
        }
        if let found = try await read(formatFile) {
            guard found == Self.format else { throw CacheFolderError.otherFormat(path: path.string, found: found) }
        } else {
            // Whatever else is there is not ours to add to, or to remove from.
            var others: [String] = []
            // The operator may have named a link to the folder.
            for entry in try await fileSystem.entries(of: path.appending("."))
            where !["lock", "format.part"].contains(entry.name.string) {
                others.append(entry.name.string)
            }
            guard others.isEmpty else { throw CacheFolderError.notEmpty(path: path.string, found: others[0]) }
            try await fileSystem.replaceFile(
                at: formatFile,
                with: Array("\(Self.format)\n".utf8),
                permissions: Self.filePermissions
            )
        }
        for folder in [segments] + segmentFolders { try await create(folder) }
        return lock
    }

    /// Throws ``CacheFolderError`` if there is no cache.
    func checkExists() async throws {
        guard try await FileSystem.shared.info(forFileAt: formatFile) != nil else {
            throw CacheFolderError.missing(path: path.string)
        }
    }

    /// Whether a process has found the index damaged.
    var isDamaged: Bool {
        get async throws { try await FileSystem.shared.info(forFileAt: damagedFile) != nil }
    }

    /// Has the next process begin anew.
    func markDamaged() throws {
        let file = try FileDescriptor.open(
            damagedFile,
            .writeOnly,
            options: [.create, .noFollow, .closeOnExec],
            permissions: Self.filePermissions
        )
        try file.close()
    }

    /// Removes the index, and everything that it may have named.
    func clear() async throws {
        defer { SystemCalls.remove(damagedFile) }
        for ending in ["", "-wal", "-shm"] { SystemCalls.remove(FilePath("\(index)\(ending)")) }
        try await FileSystem.shared.removeItem(at: segments, strategy: .platformDefault, recursively: true)
        for folder in [segments] + segmentFolders { try await create(folder) }
    }

    private func create(_ folder: FilePath) async throws {
        guard try await FileSystem.shared.info(forFileAt: folder) == nil else { return }
        try await FileSystem.shared.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            permissions: Self.folderPermissions
        )
    }

    private func read(_ file: FilePath) async throws -> String? {
        guard try await FileSystem.shared.info(forFileAt: file) != nil else { return nil }
        let bytes = try await FileSystem.shared.withFileHandle(forReadingAt: file) { handle in
            try await handle.readToEnd(maximumSizeAllowed: .bytes(1024))
        }
        let text = String(buffer: bytes)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}

/// Why a folder cannot be used as a cache.
package enum CacheFolderError: Error, Hashable, CustomStringConvertible {
    /// Another process, or another part of this one, uses it.
    case inUse(path: String)
    /// It belongs to another user.
    case foreign(path: String, owner: UInt32, user: UInt32)
    /// It holds a cache of another version.
    case otherFormat(path: String, found: String)
    /// It holds something else.
    case notEmpty(path: String, found: String)
    /// There is no cache.
    case missing(path: String)

    package var description: String {
        switch self {
        case .missing(let path): "\(path) is no cache"
        case .inUse(let path): "the cache \(path) is in use by another process"
        case .foreign(let path, let owner, let user):
            "the cache \(path) belongs to user \(owner), and this process runs as user \(user)"
        case .otherFormat(let path, let found):
            "the cache \(path) is of another version (\(found.debugDescription), not \"\(CacheFolder.format)\"): remove it, or name another folder"
        case .notEmpty(let path, let found):
            "\(path) is no cache, and not empty (\(found.debugDescription)): name a folder of its own"
        }
    }
}
