import Synchronization

/// The place of one download among those that may run.
///
/// An answer may be dropped before its body is asked for: then the place ends with it.
final class DownloadPlace: Sendable {
    private let onEnd: Mutex<(@Sendable () -> Void)?>

    init(onEnd: @escaping @Sendable () -> Void) {
        self.onEnd = Mutex(onEnd)
    }

    deinit { giveBack() }

    /// Makes room for another; does nothing the second time.
    func giveBack() {
        onEnd.withLock { $0.take() }?()
    }
}
