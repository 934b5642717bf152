import Logging
import Synchronization
import XetCore
import XetStore
import _NIOFileSystem

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A file that was found in a repository's folder.
struct ScannedFile: Hashable, Sendable {
    let path: RepositoryPath
    /// Where it is; symbolic links are resolved.
    let location: FilePath
    let stamp: FileStamp
}

/// A repository that was found, and its files, sorted by path.
struct ScannedRepository: Hashable, Sendable {
    let repository: Repository
    let files: [ScannedFile]
}

/// Finds the repositories below a folder, `models|datasets|spaces|kernels/OWNER/NAME/`, and the files in them.
///
/// Symbolic links to files of the same repository are followed, all others are left out, as are special files, `.git`
/// folders, names that are not UTF-8 or have control characters, and folders that may not be read; each of them is logged
/// once.
struct FolderScan: Sendable {
    /// Deepest folder that is entered.
    static let maximumDepth = 64

    let root: FilePath
    let logger: Logger

    private let fileSystem = FileSystem.shared
    private let told = ToldPaths()

    init(root: FilePath, logger: Logger) {
        self.root = root
        self.logger = logger
    }

    /// The repositories, sorted.
    func repositories() async throws -> [ScannedRepository] {
        var found: [ScannedRepository] = []
        // Without it, as when a disk is not mounted, there would be no repository left.
        guard try await fileSystem.info(forFileAt: root)?.type == .directory else {
            throw OriginError.noFolder(path: root.string)
        }
        for kind in RepositoryKind.versioned {
            let folder = root.appending(kind.plural)
            guard let info = try await fileSystem.info(forFileAt: folder, infoAboutSymbolicLink: true) else { continue }
            guard info.type == .directory else {
                skip(folder, "it is not a folder")
                continue
            }
            for owner in try await names(in: folder) {
                for name in try await names(in: folder.appending(owner)) {
                    guard let repository = Repository(kind: kind, name: "\(owner)/\(name)") else {
                        skip(folder.appending(owner).appending(name), "its name is not one of a repository")
                        continue
                    }
                    let files = try await files(in: folder.appending(owner).appending(name))
                    found.append(ScannedRepository(repository: repository, files: files))
                }
            }
        }
        return found.sorted { $0.repository.description < $1.repository.description }
    }

    /// The names of the folders in a folder.
    private func names(in folder: FilePath) async throws -> [String] {
        var names: [String] = []
        for entry in try await entries(of: folder) {
            if entry.type == .directory, let name = entry.validName {
                names.append(name)
            } else {
                skip(entry.path, "it is not a folder, or its name is not UTF-8 or has control characters")
            }
        }
        return names.sorted()
    }

    private func files(in folder: FilePath) async throws -> [ScannedFile] {
        var files: [ScannedFile] = []
        var open: [(path: RepositoryPath, location: FilePath, depth: Int)] = [(.root, folder, 0)]
        while let next = open.popLast() {
            try Task.checkCancellation()
            for entry in try await entries(of: next.location) {
                guard let name = entry.validName else {
                    skip(entry.path, "its name is not UTF-8 or has control characters")
                    continue
                }
                let path = next.path.appending(name)
                if entry.type == .directory {
                    guard name != ".git" else { continue }
                    guard next.depth < Self.maximumDepth else {
                        skip(entry.path, "it is too deep")
                        continue
                    }
                    open.append((path, entry.path, next.depth + 1))
                } else if let file = try await file(entry, path, repositoryFolder: folder) {
                    files.append(file)
                }
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    /// What is in a folder; nothing if it is gone, or may not be read.
    private func entries(of folder: FilePath) async throws -> [FolderEntry] {
        do {
            return try await fileSystem.entries(of: folder)
        } catch let error as FileSystemError where error.isOfOneFile && error.code != .io {
            skip(folder, error.message)
            return []
        }
    }

    private func file(
        _ entry: FolderEntry,
        _ path: RepositoryPath,
        repositoryFolder: FilePath
    ) async throws -> ScannedFile? {
        var location = entry.path
        if entry.type == .symlink {
            location = resolved(entry.path)
            guard location.starts(with: resolved(repositoryFolder)) else {
                skip(entry.path, "it is a link that leaves the repository")
                return nil
            }
        }
        guard let info = try await fileSystem.info(forFileAt: location, infoAboutSymbolicLink: true),
            info.type == .regular
        else {
            skip(entry.path, "it is not a regular file")
            return nil
        }
        return ScannedFile(path: path, location: location, stamp: FileStamp(info))
    }

    private func resolved(_ path: FilePath) -> FilePath {
        FilePath(URL(filePath: path.string).resolvingSymlinksInPath().path)
    }

    private func skip(_ path: FilePath, _ reason: String) {
        let text = path.string.withoutControlCharacters
        guard told.insert("\(text) \(reason)") else { return }
        logger.warning("left out: \(reason.withoutControlCharacters)", metadata: ["path": "\(text)"])
    }
}

/// What has been logged, so that it is not logged at every look.
private final class ToldPaths: Sendable {
    private static let maximumCount = 10_000

    private let texts = Mutex<Set<String>>([])

    /// Whether the text is new.
    func insert(_ text: String) -> Bool {
        texts.withLock { texts in
            if texts.count >= Self.maximumCount { texts = [] }
            return texts.insert(text).inserted
        }
    }
}

extension String {
    /// The same with control characters written as escapes, so that a name cannot pretend to be a line of a log.
    fileprivate var withoutControlCharacters: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            let isControl = scalar.properties.generalCategory == .control
            text += isControl ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }
}

extension FolderEntry {
    /// The name, if it is UTF-8 without control characters: no request could name another.
    fileprivate var validName: String? {
        let text = name.string
        guard FilePath.Component(text) == name, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return text
    }
}
