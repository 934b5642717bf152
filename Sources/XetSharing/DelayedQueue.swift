import Synchronization

/// Hands out elements when they are due, the earliest first.
final class DelayedQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [(due: ContinuousClock.Instant, element: Element)] = []
        /// Elements that were handed out and are not done with.
        var busyCount = 0
        /// Whether all are due at once.
        var isHurried = false
        var changeCount: UInt64 = 0
        var nextTicket = 0
        var waiting: [Int: CheckedContinuation<Void, any Error>] = [:]
    }

    private let mostCount: Int
    private let time: StoreTime
    private let state = Mutex(State())

    /// A queue for at most `mostCount` elements.
    init(mostCount: Int, time: StoreTime) {
        self.mostCount = mostCount
        self.time = time
    }

    /// Elements that are not done with.
    var count: Int { state.withLock { $0.elements.count + $0.busyCount } }

    /// Whether all is due at once.
    var isHurried: Bool { state.withLock { $0.isHurried } }

    /// Adds an element, due after `delay`; `false` if there are too many.
    func add(_ element: Element, after delay: Duration) -> Bool {
        let due = time.now() + delay
        return changing { state in
            guard state.elements.count < mostCount else { return false }
            let index = state.elements.firstIndex { $0.due > due } ?? state.elements.endIndex
            state.elements.insert((due, element), at: index)
            return true
        }
    }

    /// The next element that is due, when it is; ``noteDone()`` follows.
    ///
    /// Throws `CancellationError`.
    func next() async throws -> Element {
        while true {
            let (element, wait, change) = take()
            if let element { return element }
            try await withThrowingTaskGroup { group in
                if let wait { group.addTask { [time] in try await time.sleep(wait) } }
                group.addTask { try await self.waitForChange(after: change) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    /// What is due now, or how long until something is.
    private func take() -> (element: Element?, wait: Duration?, change: UInt64) {
        let now = time.now()
        return state.withLock { state in
            guard let first = state.elements.first else { return (nil, nil, state.changeCount) }
            guard state.isHurried || first.due <= now else { return (nil, first.due - now, state.changeCount) }
            state.elements.removeFirst()
            state.busyCount += 1
            return (first.element, nil, state.changeCount)
        }
    }

    /// Notes that an element that was handed out is done with, or was added again.
    func noteDone() { changing { $0.busyCount -= 1 } }

    /// Makes all elements due, also those that come, and returns when none is left.
    ///
    /// Throws `CancellationError`.
    func finish() async throws {
        changing { $0.isHurried = true }
        while true {
            let (isEmpty, change) = state.withLock { ($0.elements.isEmpty && $0.busyCount == 0, $0.changeCount) }
            if isEmpty { return }
            try await waitForChange(after: change)
        }
    }

    @discardableResult
    private func changing<Value>(_ change: (inout State) -> Value) -> Value {
        let (value, waiting) = state.withLock { state in
            let value = change(&state)
            state.changeCount += 1
            defer { state.waiting = [:] }
            return (value, Array(state.waiting.values))
        }
        for continuation in waiting { continuation.resume() }
        return value
    }

    private func waitForChange(after change: UInt64) async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDone = state.withLock { state in
                    guard state.changeCount == change, !Task.isCancelled else { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }
}
