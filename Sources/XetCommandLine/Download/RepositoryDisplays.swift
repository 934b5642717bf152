import Synchronization
import XetAccess
import XetLocal

/// The display of a download; until it is known of which files, one that tells of waits alone.
final class RepositoryDisplays: RepositoryObserver {
    private let display: Mutex<RepositoryDisplay>

    private let isQuiet: Bool

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        display = Mutex(RepositoryDisplay(fileCount: 0, byteCount: 0, isQuiet: isQuiet))
    }

    var receivedByteCount: UInt64 { current.receivedByteCount }

    func begin(fileCount: Int, byteCount: UInt64) {
        let display = RepositoryDisplay(fileCount: fileCount, byteCount: byteCount, isQuiet: isQuiet)
        let before = self.display.withLock { current in
            defer { current = display }
            return current
        }
        before.end()
    }

    func file() -> any DownloadObserver { DownloadDisplay(of: current) }

    func noteDone(uncounted byteCount: UInt64) { current.noteDone(uncounted: byteCount) }

    func end() { current.end() }

    /// A request failed, and is repeated after `delay`.
    func noteRetry(_ error: XetError, after delay: Duration) {
        current.noteRetry(error, after: delay)
    }

    private var current: RepositoryDisplay { display.withLock { $0 } }
}
