import Synchronization
import XetAccess
import XetLocal

/// Tells the person at the shell how far an upload has come.
final class UploadDisplay: Sendable {
    private let display: RepositoryDisplay
    private let sent = Mutex<UInt64>(0)

    init(_ items: [UploadItem], isQuiet: Bool) {
        display = RepositoryDisplay(
            fileCount: items.count,
            byteCount: items.reduce(0) { $0 + $1.byteCount },
            isQuiet: isQuiet
        )
    }

    /// Bytes that went over the line, those that went twice included.
    var sentByteCount: UInt64 { sent.withLock { $0 } }

    func note(_ progress: RepositoryUpload.Progress) {
        switch progress {
        case .read(let byteCount): display.noteDelivered(byteCount, received: byteCount)
        case .sent(let byteCount): sent.withLock { $0 += UInt64(byteCount) }
        }
    }

    /// A file is done.
    func noteFile() { display.noteDone(uncounted: 0) }

    /// A request failed, and is repeated after `delay`.
    func noteRetry(_ error: XetError, after delay: Duration) { display.noteRetry(error, after: delay) }

    /// The upload is over; its line on the terminal goes.
    func end() { display.end() }
}
