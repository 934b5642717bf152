import Synchronization
import XetLocal

/// How far a download or an upload has come.
public struct TransferProgress: Hashable, Sendable {
    /// Files that are meant; 0 until that is known.
    public internal(set) var fileCount = 0
    /// Files that are done.
    public internal(set) var doneFileCount = 0
    /// Bytes of all files.
    public internal(set) var totalByteCount: UInt64 = 0
    /// Bytes of them that are where they should be; of an upload, that were read.
    public internal(set) var byteCount: UInt64 = 0
    /// Bytes that went over the line; of a download, of the files that they make up.
    public internal(set) var transferredByteCount: UInt64 = 0
}

/// Counts a transfer and tells of it.
final class TransferMeter: RepositoryObserver {
    private let progress = Mutex(TransferProgress())
    private let report: (@Sendable (TransferProgress) -> Void)?

    init(_ report: (@Sendable (TransferProgress) -> Void)?) {
        self.report = report
    }

    var receivedByteCount: UInt64 { progress.withLock { $0.transferredByteCount } }

    func begin(fileCount: Int, byteCount: UInt64) {
        note {
            $0.fileCount = fileCount
            $0.totalByteCount = byteCount
        }
    }

    func file() -> any DownloadObserver { FileMeter(of: self) }

    func noteDone(uncounted byteCount: UInt64) {
        note {
            $0.doneFileCount += 1
            $0.byteCount += byteCount
        }
    }

    func end() {}

    func note(_ change: (inout TransferProgress) -> Void) {
        let now = progress.withLock { progress in
            change(&progress)
            return progress
        }
        report?(now)
    }
}

/// Counts one file of several.
private final class FileMeter: DownloadObserver {
    private let whole: TransferMeter
    private let count = Mutex<UInt64>(0)

    init(of whole: TransferMeter) {
        self.whole = whole
    }

    var byteCount: UInt64 { count.withLock { $0 } }

    func begin(_ label: String, total: UInt64?, start: UInt64, isKept: Bool) {
        let before = replace(start)
        // One that begins anew is counted anew.
        whole.note { $0.byteCount = $0.byteCount - min($0.byteCount, before) + start }
    }

    func advance(to count: UInt64, received: UInt64) {
        let new = count - min(count, replace(count))
        whole.note {
            $0.byteCount += new
            $0.transferredByteCount += received
        }
    }

    func end() {}

    func during<Value: Sendable>(_ work: String, _ body: () async throws -> Value) async throws -> Value {
        try await body()
    }

    func tell(_ text: String) {}

    func noteVerified(_ path: LocalPath, byteCount: UInt64) {}

    private func replace(_ count: UInt64) -> UInt64 {
        self.count.withLock { current in
            defer { current = count }
            return current
        }
    }
}
