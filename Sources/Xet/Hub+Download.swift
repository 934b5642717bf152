import XetAccess
import XetClient
import XetCore
import XetLocal
import XetWire

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension Hub {
    /// A repository that was downloaded.
    public struct Snapshot: Hashable, Sendable {
        /// The folder with the files, each at its path in the repository.
        public let folder: URL
        /// Files that are meant, and their bytes.
        public let fileCount: Int
        public let byteCount: UInt64
        /// Files that were not there.
        public let downloadedFileCount: Int
        /// Bytes that were fetched for them.
        public let receivedByteCount: UInt64
    }

    /// Downloads one file to `file`, or into it if that is a folder; returns whether there was something to do.
    ///
    /// The file is verified, and takes its name in one step when it is whole; until then it is in a part beside it, from which the next
    /// call goes on. One with the same content is left alone. Throws ``XetError`` and errors about the file.
    @discardableResult
    public func download(
        _ repository: String,
        _ path: String,
        revision: String? = nil,
        to file: URL,
        progress: (@Sendable (TransferProgress) -> Void)? = nil
    ) async throws -> Bool {
        let (parts, request, resolved) = try await resolve(repository, path, revision: revision)
        var target = try LocalPath(url: file)
        if try await Blocking.run({ [target] in try UploadScan.isFolder(target) }) {
            target = target.appending(String(path.split(separator: "/").last ?? ""))
        }
        let meter = TransferMeter(progress)
        meter.begin(fileCount: 1, byteCount: resolved.byteCount ?? 0)
        let own = meter.file()
        let download = LocalDownload(
            parts: parts,
            scope: request.tokenScope(resolved),
            request: request,
            file: resolved,
            observer: own
        )
        let isNew = try await download.toFile(target)
        meter.noteDone(uncounted: (resolved.byteCount ?? 0) - min(resolved.byteCount ?? 0, own.byteCount))
        return isNew
    }

    /// Downloads the files of a repository, at one commit, into `folder`.
    ///
    /// `matching` and `excluding` are patterns as the official client has them: `*` is any text, slashes included, `folder/` all below. What
    /// is there is left alone, what is partial goes on, at most `jobCount` files at once. Throws ``XetError`` and errors about files.
    @discardableResult
    public func snapshot(
        _ repository: String,
        revision: String? = nil,
        matching patterns: [String] = [],
        excluding excluded: [String] = [],
        to folder: URL,
        jobCount: Int = 8,
        progress: (@Sendable (TransferProgress) -> Void)? = nil
    ) async throws -> Snapshot {
        let address = try self.repository(repository, revision: revision)
        var filter = PathFilter()
        filter.named = address.path.map { [GlobPattern($0)] } ?? []
        filter.included = patterns.map { GlobPattern($0) }
        filter.excluded = excluded.map { GlobPattern($0) }
        let target = try LocalPath(url: folder)
        let download = RepositoryDownload(
            parts: try parts(),
            repository: address.repository,
            revision: address.revision ?? revision ?? "main",
            token: try token(),
            filter: filter,
            place: try await Blocking.run { FolderPlace(target, isFlat: false) },
            jobCount: max(1, jobCount),
            observer: TransferMeter(progress)
        )
        do {
            let summary = try await download.run()
            return Snapshot(
                folder: folder,
                fileCount: summary.fileCount,
                byteCount: summary.byteCount,
                downloadedFileCount: summary.downloadedCount,
                receivedByteCount: summary.receivedByteCount
            )
        } catch let error as UnfinishedRepository {
            throw (error.cause as? UnfinishedDownload)?.cause ?? error.cause
        }
    }

    /// What a file is.
    func resolve(
        _ repository: String,
        _ path: String,
        revision: String?
    ) async throws -> (parts: HubParts, request: FileRequest, file: ResolvedFile) {
        let address = try self.repository(repository, revision: revision)
        guard address.path == nil else { throw XetError(.invalidRequest, "the file is named twice") }
        let parts = try parts()
        let request = FileRequest(
            repository: address.repository,
            revision: address.revision ?? revision ?? "main",
            path: path,
            token: try token()
        )
        let file = try await RetryPolicy().run(clock: ContinuousClock()) { try await parts.hub.resolve(request) }
        return (parts, request, file)
    }
}

extension LocalPath {
    /// The path of a URL of a file.
    init(url: URL) throws(XetError) {
        guard url.isFileURL else { throw XetError(.invalidRequest, "'\(url)' is no file here") }
        self.init(url.path(percentEncoded: false))
    }
}
