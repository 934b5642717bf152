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
    /// What else an upload does.
    public struct UploadOptions: Hashable, Sendable {
        /// First line of the commit.
        public var message = "Upload with xet"
        /// What else the commit says.
        public var description = ""
        /// Branch that is changed.
        public var revision: String?
        /// Whether a pull request is opened instead.
        public var opensPullRequest = false
        /// Whether the repository is made if there is none, and whether it is private then.
        public var createsRepository = false
        public var isPrivate = false
        /// Patterns of what is uploaded of a folder, all if there are none, and of what is not.
        public var matching: [String] = []
        public var excluding: [String] = []
        /// Patterns of what is removed below the path, unless it comes anew.
        public var deleting: [String] = []
        /// A folder where it is noted what was sent, so that the next upload sends what is new; none if `nil`.
        public var records: URL?

        /// A commit on the main branch of a repository that is there.
        public init() {}
    }

    /// What became of an upload.
    public struct Upload: Hashable, Sendable {
        /// Files that are there now, and their bytes.
        public let fileCount: Int
        public let byteCount: UInt64
        /// Files that were not there.
        public let uploadedFileCount: Int
        /// Bytes that no chunk had that was there.
        public let newByteCount: UInt64
        /// The commit, and its page; `nil` if there was nothing to do.
        public let commit: String?
        public let commitURL: String?
        /// The page of the pull request that was opened.
        public let pullRequestURL: String?
    }

    /// Uploads a file, or the files of a folder, to `path` in a repository, or to its root.
    ///
    /// A file keeps its name if no path is given. What a commit names is there, or no commit is made; what was interrupted is simply
    /// repeated. Throws ``XetError`` and errors about files.
    @discardableResult
    public func upload(
        _ local: URL,
        to repository: String,
        at path: String = "",
        options: UploadOptions = UploadOptions(),
        progress: (@Sendable (TransferProgress) -> Void)? = nil
    ) async throws -> Upload {
        let address = try self.repository(repository, revision: options.revision)
        guard address.path == nil || path.isEmpty else { throw XetError(.invalidRequest, "the path is named twice") }
        let target = address.path ?? path
        guard target.isEmpty || RepositoryPath(target) != nil else {
            throw XetError(.invalidRequest, "'\(target)' is no path in a repository")
        }
        let source = try LocalPath(url: local)
        var filter = PathFilter()
        filter.included = options.matching.map { GlobPattern($0) }
        filter.excluded = options.excluding.map { GlobPattern($0) }
        let (items, isFolder) = try await Blocking.run { [filter] in
            var scan = UploadScan(filter)
            let isFolder = try UploadScan.isFolder(source)
            try scan.add(source, to: isFolder || !target.isEmpty ? target : source.plainName ?? "")
            return (scan.items, isFolder)
        }
        let meter = TransferMeter(progress)
        meter.begin(fileCount: items.count, byteCount: items.reduce(0) { $0 + $1.byteCount })
        var own = RepositoryUpload.Options()
        own.revision = address.revision ?? options.revision ?? "main"
        own.message = options.message
        own.description = options.description
        own.opensPullRequest = options.opensPullRequest
        own.createsRepository = options.createsRepository
        own.isPrivate = options.isPrivate
        own.deletions = options.deleting.map { GlobPattern($0) }
        own.folder = isFolder ? target : ""
        let upload = RepositoryUpload(
            parts: try parts(),
            repository: address.repository,
            token: try token(),
            options: own,
            records: try options.records.map { (url) throws(XetError) in try LocalPath(url: url) },
            retry: .outlasting(),
            onProgress: { progress in
                switch progress {
                case .read(let byteCount): meter.note { $0.byteCount += byteCount }
                case .sent(let byteCount): meter.note { $0.transferredByteCount += UInt64(byteCount) }
                }
            },
            onFile: { _, _, _ in meter.noteDone(uncounted: 0) }
        )
        let summary = try await upload.run(items)
        return Upload(
            fileCount: summary.fileCount,
            byteCount: summary.byteCount,
            uploadedFileCount: summary.uploadedCount,
            newByteCount: summary.newByteCount,
            commit: summary.commit?.commit,
            commitURL: summary.commit?.url,
            pullRequestURL: summary.pullRequest
        )
    }
}
