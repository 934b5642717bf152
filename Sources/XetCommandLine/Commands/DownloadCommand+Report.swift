import FoundationEssentials
import NIOCore
import Synchronization
import XetAccess
import XetCore
import XetLocal

/// How the download of several files is told of.
extension DownloadCommand {
    /// What `--json` prints of a file.
    private struct FileEvent: Encodable {
        let event = "file"
        let path: String
        let size: UInt64
        let state: RepositoryDownload.Outcome
        let xetHash: String?
    }

    /// What `--json` prints at the end.
    private struct EndEvent: Encodable {
        let event = "end"
        let files: Int
        let bytes: UInt64
        let downloadedFiles: Int
        let receivedBytes: UInt64
        let seconds: Double
    }

    func run(_ download: RepositoryDownload) async throws {
        let start = ContinuousClock.now
        if dryRun {
            let plan = try await download.plan()
            return try tell(plan, "would be downloaded", since: start)
        }
        let summary = Mutex(RepositoryDownload.Summary())
        try await Interruption.handling {
            let result = try await download.run()
            summary.withLock { $0 = result }
        } describe: { interruption, failure in
            guard let failure = failure as? UnfinishedRepository else { return interruption }
            return UnfinishedRepository(
                cause: interruption,
                doneCount: failure.doneCount,
                fileCount: failure.fileCount,
                folder: failure.folder
            )
        }
        try tell(summary.withLock { $0 }, "downloaded and verified", since: start)
    }

    func report(_ item: RepositoryDownload.Item, _ outcome: RepositoryDownload.Outcome) throws {
        if json {
            let hash: String? = if case .xet(let hash) = item.file.storage { hash.text } else { nil }
            try JSONOutput.writeLine(
                FileEvent(path: item.path.text, size: item.byteCount, state: outcome, xetHash: hash)
            )
        } else if dryRun {
            try FileLine.write(size: item.byteCount, state: outcome.rawValue, path: item.path.text)
        }
    }

    private func tell(
        _ summary: RepositoryDownload.Summary,
        _ verb: String,
        since start: ContinuousClock.Instant
    ) throws {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if json {
            try JSONOutput.writeLine(
                EndEvent(
                    files: summary.fileCount,
                    bytes: summary.byteCount,
                    downloadedFiles: summary.downloadedCount,
                    receivedBytes: summary.receivedByteCount,
                    seconds: seconds
                )
            )
        } else if hfCache, !dryRun {
            // As the official client does.
            try Descriptor.standardOutput.write(ByteBuffer(bytes: summary.location.bytes + [UInt8(ascii: "\n")]))
        }
        guard !quiet else { return }
        let all = "\(summary.fileCount) files, \(ReadableSize.text(summary.byteCount)), in \(summary.location)"
        let moved = ReadableSize.text(summary.receivedByteCount)
        let time = dryRun ? "" : " in \(Int(seconds.rounded())) s"
        Descriptor.standardError.print("\(all): \(summary.downloadedCount) (\(moved)) \(verb)\(time)")
    }
}
