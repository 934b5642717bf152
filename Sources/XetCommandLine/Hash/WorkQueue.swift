import Synchronization

/// Hands out the numbers from 0 to below a limit, each once, to whoever asks next.
final class WorkQueue: Sendable {
    private let limit: Int
    private let next = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// The next number, or `nil` when all are given out.
    func claim() -> Int? {
        next.withLock { next in
            guard next < limit else { return nil }
            defer { next += 1 }
            return next
        }
    }
}
