/// Where the files of a repository go, and how it is known which of them are there.
///
/// Its calls block the thread, but for ``claim(_:)``.
package protocol DownloadPlace: Sendable {
    /// For messages.
    var folder: LocalPath { get }

    /// Where the files of a commit are, each at its path.
    func location(of commit: String) -> LocalPath

    /// Makes what has to be there before any file.
    func prepare() throws

    /// Where the content of a file goes.
    func path(of item: RepositoryDownload.Item) throws -> LocalPath

    /// Whether the content is there, as far as that is on record.
    func isKnown(_ item: RepositoryDownload.Item) -> Bool

    /// What may be an earlier version of the file; blocks the thread.
    func earlier(_ item: RepositoryDownload.Item, revision: String) throws -> EarlierFile?

    /// Keeps other programs from the content while what it returns is held.
    func claim(_ item: RepositoryDownload.Item) async throws -> (any Sendable)?

    /// Puts the file where it is looked for, and on record; its content is there.
    func finish(_ item: RepositoryDownload.Item, commit: String) throws

    /// All files are there.
    func finish(revision: String, commit: String) throws
}

/// A folder, with the paths that the files have in the repository.
package final class FolderPlace: DownloadPlace {
    package let folder: LocalPath
    /// Whether files have their names alone.
    private let isFlat: Bool
    private let records: DownloadRecords

    /// Reads the records of the folder, which need not be there; blocks the thread.
    package init(_ folder: LocalPath, isFlat: Bool) {
        self.folder = folder
        self.isFlat = isFlat
        records = DownloadRecords(of: folder)
    }

    package func location(of commit: String) -> LocalPath { folder }

    package func prepare() throws { try Folder.make(folder) }

    package func path(of item: RepositoryDownload.Item) -> LocalPath { place(of: item).path(in: folder) }

    package func isKnown(_ item: RepositoryDownload.Item) -> Bool { records.isCurrent(place(of: item), item.claim) }

    package func earlier(_ item: RepositoryDownload.Item, revision: String) -> EarlierFile? {
        let place = place(of: item)
        return EarlierFile(place.path(in: folder), hash: records.xetHash(of: place))
    }

    package func claim(_ item: RepositoryDownload.Item) async throws -> (any Sendable)? { nil }

    package func finish(_ item: RepositoryDownload.Item, commit: String) { records.note(place(of: item), item.claim) }

    package func finish(revision: String, commit: String) {}

    private func place(of item: RepositoryDownload.Item) -> RepositoryPath { isFlat ? item.path.name : item.path }
}

/// The cache of the official client: contents by their hashes, and links to them for each commit.
package struct HubCachePlace: DownloadPlace {
    /// How often another process is asked whether it has finished.
    private static let pollInterval = Duration.milliseconds(200)

    private let layout: HubCacheLayout

    package init(layout: HubCacheLayout) {
        self.layout = layout
    }

    package var folder: LocalPath { layout.folder }

    package func location(of commit: String) -> LocalPath { layout.snapshot(commit) }

    package func prepare() throws { try layout.prepare() }

    package func path(of item: RepositoryDownload.Item) throws -> LocalPath {
        try layout.blob(item.claim, of: item.path)
    }

    /// A content gets its name when it is whole.
    package func isKnown(_ item: RepositoryDownload.Item) -> Bool {
        guard let path = try? path(of: item) else { return false }
        return layout.isBlob(path, of: item.byteCount)
    }

    package func earlier(_ item: RepositoryDownload.Item, revision: String) -> EarlierFile? {
        layout.commit(of: revision).map { EarlierFile(item.path.path(in: layout.snapshot($0))) }
    }

    package func claim(_ item: RepositoryDownload.Item) async throws -> (any Sendable)? {
        while true {
            if let lock = try await Blocking.run({ try layout.lock(item.claim, of: item.path) }) { return lock }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    package func finish(_ item: RepositoryDownload.Item, commit: String) throws {
        try layout.link(item.path, to: item.claim, commit: commit)
    }

    package func finish(revision: String, commit: String) throws { try layout.note(revision, commit: commit) }
}
