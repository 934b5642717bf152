import Synchronization

/// How far the reading of new and changed files is.
public struct IngestProgress: Hashable, Sendable {
    /// Files that have to be read.
    public let fileCount: Int
    /// Their bytes.
    public let byteCount: UInt64
    /// Files that were read.
    public internal(set) var doneFileCount = 0
    /// Bytes that were read.
    public internal(set) var doneByteCount: UInt64 = 0
    /// The file that is being read, with its repository.
    public internal(set) var currentFile = ""
}

/// Keeps the progress of an ingest and reports it.
final class IngestMeter: Sendable {
    private let progress: Mutex<IngestProgress>
    private let report: @Sendable (IngestProgress) -> Void

    init(fileCount: Int, byteCount: UInt64, report: @escaping @Sendable (IngestProgress) -> Void) {
        progress = Mutex(IngestProgress(fileCount: fileCount, byteCount: byteCount))
        self.report = report
    }

    var doneByteCount: UInt64 { progress.withLock { $0.doneByteCount } }

    func beginFile(_ name: String) {
        report(change { $0.currentFile = name })
    }

    func read(upTo byteCount: UInt64) {
        report(change { $0.doneByteCount = max($0.doneByteCount, byteCount) })
    }

    func endFile() {
        report(change { $0.doneFileCount += 1 })
    }

    private func change(_ body: (inout sending IngestProgress) -> Void) -> IngestProgress {
        progress.withLock { progress in
            body(&progress)
            return progress
        }
    }
}
