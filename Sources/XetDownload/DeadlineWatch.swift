import Synchronization

/// Tells those who wait for something in a download when it takes too long: one timer for all of them.
final class DeadlineWatch: Sendable {
    /// Longest time until a deadline is noticed.
    static let precision = Duration.seconds(1)

    private struct Entry: Sendable {
        /// Time until its deadline, as things stand.
        let rest: @Sendable () -> Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var entries: [Int: Entry] = [:]
        var count = 0
        var timer: CheckedContinuation<Void, any Error>?
    }

    private let state = Mutex(State())

    init() {}

    /// Returns when `rest`, the time that is left, has run out; what happens meanwhile may give more of it.
    func wait(until rest: @escaping @Sendable () -> Duration) async throws {
        let id = state.withLock { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let (timer, isCancelled) = state.withLock { state in
                    guard !Task.isCancelled else { return (nil as CheckedContinuation<Void, any Error>?, true) }
                    state.entries[id] = Entry(rest: rest, continuation: continuation)
                    return (state.timer.take(), false)
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
                timer?.resume()
            }
        } onCancel: {
            state.withLock { $0.entries.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Watches until the task is cancelled.
    func run(clock: some Clock<Duration>) async throws {
        while true {
            try await waitForEntries()
            let rest = state.withLock { $0.entries }.values.map { $0.rest() }.min() ?? .zero
            if rest > .zero { try await clock.sleep(for: min(rest, Self.precision)) }
            let due = state.withLock { $0.entries }.filter { $0.value.rest() <= .zero }.keys
            let ended = state.withLock { state in due.compactMap { state.entries.removeValue(forKey: $0) } }
            for entry in ended { entry.continuation.resume() }
        }
    }

    private func waitForEntries() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDone = state.withLock { state in
                    guard state.entries.isEmpty, !Task.isCancelled else { return true }
                    state.timer = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.timer.take() }?.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }
}
