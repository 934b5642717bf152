import Synchronization

/// A progress bar that several tasks move.
final class SharedProgress: Sendable {
    private let bar: Mutex<ProgressBar>

    init(_ label: String, total: UInt64?, isQuiet: Bool) {
        bar = Mutex(ProgressBar(label, total: total, isQuiet: isQuiet))
    }

    /// Shows that `count` units are done.
    func advance(to count: UInt64) { bar.withLock { $0.advance(to: count) } }

    /// Removes the line.
    func finish() {
        var last = bar.withLock { $0 }
        last.finish()
    }
}
