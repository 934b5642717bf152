import Synchronization
import XetServer

/// What the proxy sends right now, what it has sent since it started, and what went wrong last.
final class TransferBook: Sendable {
    /// What is in the book at one moment.
    struct Snapshot: Sendable {
        /// Transfers that run, the oldest first.
        let live: [LiveTransfer]
        let totals: Totals
        /// The last failures, the newest first.
        let failures: [RequestFailure]
    }

    /// Counts since the process started.
    struct Totals: Hashable, Sendable {
        /// Transfers that began, those that run included.
        var startedCount: UInt64 = 0
        /// Those whose last byte was sent.
        var finishedCount: UInt64 = 0
        /// Those whose client left first.
        var cancelledCount: UInt64 = 0
        /// Those that failed after their head was sent.
        var abortedCount: UInt64 = 0
        /// Bytes sent, those of running transfers included.
        var sentByteCount: UInt64 = 0
    }

    private struct State {
        var lastID: UInt64 = 0
        var live: [UInt64: (subject: TransferSubject, counter: TransferCounter)] = [:]
        var totals = Totals()
        var failures: [RequestFailure] = []
    }

    private let state = Mutex(State())
    private let failureCount: Int
    private let now: @Sendable () -> ContinuousClock.Instant

    /// An empty book that remembers the last `failureCount` failures.
    init(failureCount: Int = 20, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
        self.failureCount = failureCount
        self.now = now
    }

    /// Enters a transfer, which is live until the returned object ends or is dropped.
    func begin(_ subject: TransferSubject) -> Transfer {
        let counter = TransferCounter(now: now)
        let id = state.withLock { state in
            state.lastID += 1
            state.totals.startedCount += 1
            state.live[state.lastID] = (subject, counter)
            return state.lastID
        }
        return Transfer(id: id, counter: counter, book: self)
    }

    /// Enters a request that failed.
    func note(_ failure: RequestFailure) {
        state.withLock { state in
            state.failures.insert(failure, at: 0)
            if state.failures.count > failureCount { state.failures.removeLast() }
        }
    }

    /// What is in the book now.
    var snapshot: Snapshot {
        state.withLock { state in
            var totals = state.totals
            var live: [LiveTransfer] = []
            live.reserveCapacity(state.live.count)
            for (id, transfer) in state.live.sorted(by: { $0.key < $1.key }) {
                let one = LiveTransfer(id: id, transfer.subject, transfer.counter)
                totals.sentByteCount += one.sentByteCount
                live.append(one)
            }
            return Snapshot(live: live, totals: totals, failures: state.failures)
        }
    }

    /// How many transfers run.
    var liveCount: Int { state.withLock { $0.live.count } }

    /// Takes a transfer out, once.
    fileprivate func end(_ id: UInt64, _ outcome: AnswerOutcome) {
        state.withLock { state in
            guard let record = state.live.removeValue(forKey: id) else { return }
            state.totals.sentByteCount += record.counter.byteCount
            switch outcome {
            case .finished: state.totals.finishedCount += 1
            case .cancelled: state.totals.cancelledCount += 1
            case .aborted: state.totals.abortedCount += 1
            }
        }
    }
}

/// One transfer in a ``TransferBook``, for who sends its bytes.
final class Transfer: AnswerFollower {
    let id: UInt64
    private let counter: TransferCounter
    private let book: TransferBook

    fileprivate init(id: UInt64, counter: TransferCounter, book: TransferBook) {
        self.id = id
        self.counter = counter
        self.book = book
    }

    /// A body that is dropped before it is written has no other end.
    deinit { book.end(id, .cancelled) }

    /// Counts bytes that were sent.
    func note(_ byteCount: Int) { counter.add(byteCount) }

    /// Takes the transfer out of the book; the first call counts.
    func end(_ outcome: AnswerOutcome) { book.end(id, outcome) }
}
