/// Finds the files that are to be uploaded.
///
/// A link to a file is that file, as Git LFS has it after a checkout and the official client's cache too; a link to a folder is
/// not entered, so that nothing comes twice and no loop has no end. Left out are `.git` and what programs like this one keep
/// beside downloads.
package struct UploadScan: Sendable {
    /// Something that is not uploaded.
    package struct Skipped: Hashable, Sendable {
        package let path: LocalPath
        package let kind: FileKind
    }

    /// Most files that are taken: as many as a repository is listed with.
    private static let mostFileCount = 1 << 20
    private static let mostDepth = 256
    private static let git = Array(".git".utf8)
    private static let cache = Array(".cache".utf8)
    private static let records: [[UInt8]] = [Array("huggingface".utf8), Array("xet".utf8)]

    private let filter: PathFilter
    package private(set) var items: [UploadItem] = []
    package private(set) var skipped: [Skipped] = []

    /// Takes what `filter` means of the paths below each folder.
    package init(_ filter: PathFilter) {
        self.filter = filter
    }

    /// Adds a file under the path `target` in the repository, or all files of a folder below it; blocks.
    ///
    /// An empty `target` is the root of the repository. Throws ``LocalFileError``.
    package mutating func add(_ path: LocalPath, to target: String) throws {
        let folder = try Folder(path.folder)
        guard let status = try folder.status(of: path.name.isEmpty ? Array(".".utf8) : path.name, followsLink: true)
        else {
            let isLink = try folder.status(of: path.name, followsLink: false) != nil
            throw isLink ? LocalFileError.brokenLink(path) : LocalFileError.system(.open, path, code: 2)
        }
        switch status.kind {
        case .folder: try addFolder(path, to: target, relative: "", depth: 0)
        case .regular: try add(path, status, to: target, relative: target)
        default: throw LocalFileError.unreadable(path, status.kind)
        }
    }

    /// Whether a path leads to a folder; blocks.
    package static func isFolder(_ path: LocalPath) throws(LocalFileError) -> Bool {
        try Folder(path.folder).status(of: path.name.isEmpty ? Array(".".utf8) : path.name, followsLink: true)?.kind
            == .folder
    }

    private mutating func addFolder(_ path: LocalPath, to target: String, relative: String, depth: Int) throws {
        guard depth < Self.mostDepth else { throw LocalFileError.unnameable(path) }
        let folder = try Folder(path)
        for name in try folder.names().sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let inside = LocalPath(bytes: path.bytes + [UInt8(ascii: "/")] + name)
            if name == Self.git || path.name == Self.cache && Self.records.contains(name) { continue }
            guard let own = try folder.status(of: name, followsLink: false) else { continue }
            guard let status = try folder.status(of: name, followsLink: true) else {
                throw LocalFileError.brokenLink(inside)
            }
            guard let text = String(validating: name, as: UTF8.self) else { throw LocalFileError.unnameable(inside) }
            let relative = relative.isEmpty ? text : relative + "/" + text
            switch (status.kind, own.kind) {
            case (.folder, .symbolicLink): skipped.append(Skipped(path: inside, kind: .symbolicLink))
            case (.folder, _): try addFolder(inside, to: target, relative: relative, depth: depth + 1)
            case (.regular, _):
                guard filter.matches(relative) else { continue }
                try add(inside, status, to: target.isEmpty ? relative : target + "/" + relative, relative: relative)
            default: skipped.append(Skipped(path: inside, kind: status.kind))
            }
        }
    }

    private mutating func add(_ path: LocalPath, _ status: FileStatus, to target: String, relative: String) throws {
        guard RepositoryPath(target) != nil, items.count < Self.mostFileCount else {
            throw LocalFileError.unnameable(path)
        }
        items.append(UploadItem(path: target, source: .file(path, status)))
    }
}
