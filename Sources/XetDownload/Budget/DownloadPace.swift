import Synchronization

/// The ``Pace`` of one download, as its tasks tell and ask it; it outlives the pauses of its reader.
final class DownloadPace: Sendable {
    private let pace: Mutex<Pace>

    init(_ pace: Pace) {
        self.pace = Mutex(pace)
    }

    /// What the download wants to have ahead of its reader.
    var wish: Pace.Wish { pace.withLock { $0.wish } }

    /// Bytes that it delivered in a second; 0 before that was measured.
    var rate: Double { pace.withLock { $0.rate } }

    /// Notes that the reader waited for bytes.
    func noteWait(of duration: Duration) { pace.withLock { $0.noteWait(of: duration) } }

    /// Notes delivered bytes; returns the new wish if it changed.
    func noteDelivery(of byteCount: Int, at time: Duration) -> Pace.Wish? {
        pace.withLock { $0.noteDelivery(of: byteCount, at: time) ? $0.wish : nil }
    }

    /// Notes that an upstream asked for less, or failed under load; returns the new wish.
    func noteCongestion() -> Pace.Wish {
        pace.withLock { pace in
            pace.noteCongestion()
            return pace.wish
        }
    }

    /// Notes what a reader took of a window that it was given by itself; returns whether it is quick again.
    func noteWindow(of byteCount: Int, isSlow: Bool) -> Bool {
        pace.withLock { $0.noteWindow(of: byteCount, isSlow: isSlow) }
    }
}
