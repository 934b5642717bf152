import Synchronization
import XetAccess
import XetLocal

/// Tells the person at the shell how far a download of many files has come: one line on a terminal, elsewhere a line every ten
/// seconds.
final class RepositoryDisplay: Sendable {
    private static let interval = Duration.seconds(10)

    private struct State {
        var doneCount = 0
        var byteCount: UInt64 = 0
        /// What came over the line.
        var receivedByteCount: UInt64 = 0
        var rate = AverageRate()
        var lastTold = ContinuousClock.now
        var lastReceived = ContinuousClock.now
        /// Servers that were said to be waited for since bytes came last.
        var named: Set<String> = []
        var isOver = false
    }

    private let fileCount: Int
    private let totalByteCount: UInt64
    private let isQuiet: Bool
    private let isShown: Bool
    private let state = Mutex(State())
    private let bar: Mutex<ProgressBar?>

    /// For `fileCount` files of `byteCount` bytes together.
    init(fileCount: Int, byteCount: UInt64, isQuiet: Bool) {
        self.fileCount = fileCount
        totalByteCount = byteCount
        self.isQuiet = isQuiet
        let bar = ProgressBar("", total: byteCount, isQuiet: isQuiet)
        isShown = bar.isShown
        self.bar = Mutex(bar)
    }

    /// Bytes that came over the line.
    var receivedByteCount: UInt64 { state.withLock { $0.receivedByteCount } }

    /// A file is there, of which `byteCount` bytes had not been counted.
    func noteDone(uncounted byteCount: UInt64) {
        state.withLock { $0.doneCount += 1 }
        noteKept(byteCount)
    }

    /// Bytes were there before.
    func noteKept(_ byteCount: UInt64) {
        state.withLock { state in
            state.byteCount += byteCount
            state.rate.skip(byteCount)
        }
        bar.withLockIfAvailable { $0?.skip(byteCount) }
        show()
    }

    /// Bytes were delivered, of which so many have come over the line.
    func noteDelivered(_ byteCount: UInt64, received: UInt64) {
        state.withLock { state in
            state.byteCount += byteCount
            state.receivedByteCount += received
            state.lastReceived = .now
            state.named = []
        }
        show()
    }

    /// A file is begun anew of which so much was counted.
    func take(back byteCount: UInt64) {
        state.withLock { state in state.byteCount -= min(state.byteCount, byteCount) }
    }

    /// A request failed, and is repeated after `delay`.
    func noteRetry(_ error: XetError, after delay: Duration) {
        guard error.isOutage else { return }
        let server = DownloadDisplay.name(of: error.server)
        let now = ContinuousClock.now
        // While others get bytes nobody waits.
        let isNew = state.withLock { state in
            DownloadDisplay.isWait(since: state.lastReceived, now, delay) && state.named.insert(server).inserted
        }
        guard isNew, !isQuiet else { return }
        let wait = "waiting for \(server)"
        let full = "\(wait)\(DownloadDisplay.reason(error).map { " (\($0))" } ?? "")"
        if isShown {
            _ = bar.withLockIfAvailable { $0?.note([full, wait, "waiting"]) }
        } else {
            Descriptor.standardError.print(full)
        }
    }

    /// The download is over; its line on the terminal goes.
    func end() {
        state.withLock { $0.isOver = true }
        var last = bar.withLock { $0.take() }
        last?.finish()
    }

    private func show() {
        let now = ContinuousClock.now
        let (count, label, line, isOver) = state.withLock { state -> (UInt64, String, String?, Bool) in
            let label = "\(state.doneCount)/\(fileCount) files"
            guard !isShown, !isQuiet, !state.isOver, now - state.lastTold >= Self.interval else {
                return (state.byteCount, label, nil, state.isOver)
            }
            state.lastTold = now
            let rate = ReadableSize.text(UInt64(state.rate.note(state.byteCount, at: now)))
            let bytes = "\(ReadableSize.text(state.byteCount)) of \(ReadableSize.text(totalByteCount))"
            return (state.byteCount, label, "\(label), \(bytes), \(rate)/s", false)
        }
        if let line { Descriptor.standardError.print(line) }
        // A terminal may take nothing for as long as it likes: who finds somebody drawing waits for nobody.
        if isShown, !isOver { _ = bar.withLockIfAvailable { $0?.advance(to: count, label: label) } }
    }
}
