import Synchronization

/// The memory and the connections that all downloads of the process share.
///
/// A download reserves bytes for each fetch, in the order of delivery, before the fetch begins, and gives them back as
/// they are delivered. How far it may run ahead starts small and doubles each time its reader had to wait, so a slow
/// reader keeps little and a fast one gets what is there, up to an equal share. The fetch that the reader waits for is
/// never refused: if nothing is left it gets room for a few chunks beyond the total, and everybody else waits.
public final class FetchBudget: Sendable {
    fileprivate struct Limits {
        let byteCount: Int
        let firstByteCount: Int
        let firstFetchCount: Int
        let mostFetchCount: Int
    }

    fileprivate struct Share {
        var reserved = 0
        var fetchCount = 0
        /// How many bytes and fetches it may run ahead.
        var byteLimit: Int
        var fetchLimit: Int
        /// Bytes delivered since the limits changed.
        var deliveredSinceChange = 0
        var isExpedited = false
        var waiter: Waiter?
    }

    fileprivate struct Waiter {
        let byteCount: Int
        /// What it takes if the whole is used up and its reader waits for it.
        let leastByteCount: Int
        let continuation: CheckedContinuation<Int, any Error>
    }

    fileprivate struct State {
        let limits: Limits
        var reserved = 0
        var shares: [ObjectIdentifier: Share] = [:]
        /// Downloads that wait, longest first.
        var queue: [ObjectIdentifier] = []
    }

    fileprivate let state: Mutex<State>

    /// A budget of `byteCount` bytes.
    ///
    /// - Parameters:
    ///   - byteCount: bytes of decoded chunks that wait for delivery, all downloads together.
    ///   - firstByteCount: how far a download runs ahead at first.
    ///   - firstFetchCount: fetches that a download has under way at first.
    ///   - mostFetchCount: fetches that a download may have under way.
    public init(
        byteCount: Int = 256 << 20,
        firstByteCount: Int = 4 << 20,
        firstFetchCount: Int = 4,
        mostFetchCount: Int = 16
    ) {
        let limits = Limits(
            byteCount: byteCount,
            firstByteCount: min(firstByteCount, byteCount),
            firstFetchCount: firstFetchCount,
            mostFetchCount: mostFetchCount
        )
        state = Mutex(State(limits: limits))
    }

    /// Bytes reserved now.
    public var reservedByteCount: Int { state.withLock { $0.reserved } }

    /// A new download's part.
    func account() -> FetchAccount { FetchAccount(self) }
}

/// One download's part of a ``FetchBudget``; what is still reserved is given back when it goes.
final class FetchAccount: Sendable {
    private let budget: FetchBudget
    private var id: ObjectIdentifier { ObjectIdentifier(self) }

    fileprivate init(_ budget: FetchBudget) {
        self.budget = budget
        budget.state.withLock { state in
            state.shares[id] = FetchBudget.Share(
                byteLimit: state.limits.firstByteCount,
                fetchLimit: state.limits.firstFetchCount
            )
        }
    }

    deinit {
        budget.change { state in
            state.reserved -= state.shares.removeValue(forKey: id)?.reserved ?? 0
            state.queue.removeAll { $0 == id }
        }
    }

    /// How far this download may run ahead now.
    var byteLimit: Int { budget.state.withLock { $0.byteLimit(of: id) } }

    /// Waits for room for a fetch of `byteCount` bytes; at most one call at a time.
    ///
    /// Returns how many bytes are reserved: fewer, but at least `least`, if nothing is left and the reader waits.
    @discardableResult
    func reserve(_ byteCount: Int, atLeast least: Int? = nil) async throws -> Int {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int, any Error>) in
                budget.change { state in
                    guard !Task.isCancelled else {
                        continuation.resume(throwing: CancellationError())
                        return
                    }
                    state.shares[id]?.waiter = FetchBudget.Waiter(
                        byteCount: byteCount,
                        leastByteCount: least ?? byteCount,
                        continuation: continuation
                    )
                    state.queue.append(id)
                }
            }
        } onCancel: {
            budget.change { state in
                guard let waiter = state.shares[id]?.waiter else { return }
                state.shares[id]?.waiter = nil
                state.queue.removeAll { $0 == id }
                waiter.continuation.resume(throwing: CancellationError())
            }
        }
    }

    /// Gives bytes back that need no room any more.
    func release(_ byteCount: Int) {
        budget.change { state in
            state.shares[id]?.reserved -= byteCount
            state.reserved -= byteCount
        }
    }

    /// Gives a fetch's connection back.
    func endFetch() {
        budget.change { state in state.shares[id]?.fetchCount -= 1 }
    }

    /// Notes delivered bytes; they pace how fast the limits grow.
    func noteDelivery(of byteCount: Int) {
        budget.state.withLock { $0.shares[id]?.deliveredSinceChange += byteCount }
    }

    /// Notes that the reader has to wait: running further ahead may help.
    func noteStarvation() {
        budget.change { state in
            guard var share = state.shares[id], share.deliveredSinceChange >= share.byteLimit / 2 else { return }
            share.byteLimit = min(2 * share.byteLimit, state.limits.byteCount)
            share.fetchLimit = min(2 * share.fetchLimit, state.limits.mostFetchCount)
            share.deliveredSinceChange = 0
            state.shares[id] = share
        }
    }

    /// Notes that an upstream asked for less, or failed under load.
    func noteCongestion() {
        budget.state.withLock { state in
            guard var share = state.shares[id] else { return }
            share.fetchLimit = max(1, share.fetchLimit / 2)
            share.deliveredSinceChange = 0
            state.shares[id] = share
        }
    }

    /// Lets the next reservation through at once: the reader waits for it.
    func expedite() {
        budget.change { state in state.shares[id]?.isExpedited = true }
    }
}

extension FetchBudget {
    /// Changes the state, then lets through whoever may go on.
    fileprivate func change(_ body: (inout State) -> Void) {
        let granted = state.withLock { state in
            body(&state)
            return state.grant()
        }
        for (continuation, byteCount) in granted {
            continuation.resume(returning: byteCount)
        }
    }
}

extension FetchBudget.State {
    /// Its own limit or an equal share of the whole, whichever is less, but never less than at the start.
    func byteLimit(of id: ObjectIdentifier) -> Int {
        guard let share = shares[id] else { return 0 }
        return min(share.byteLimit, max(limits.firstByteCount, limits.byteCount / max(1, shares.count)))
    }

    mutating func grant() -> [(CheckedContinuation<Int, any Error>, byteCount: Int)] {
        var granted: [(CheckedContinuation<Int, any Error>, byteCount: Int)] = []
        // Whoever would fit their own share but not the whole keeps those behind them from going first.
        var isBlocked = false
        for id in queue {
            guard var share = shares[id], let waiter = share.waiter else { continue }
            let fitsShare =
                share.reserved + waiter.byteCount <= byteLimit(of: id) || share.reserved == 0
            let fitsFetches = share.fetchCount < share.fetchLimit
            let fitsWhole = !isBlocked && reserved + waiter.byteCount <= limits.byteCount
            guard share.isExpedited || (fitsShare && fitsFetches && fitsWhole) else {
                if fitsShare && fitsFetches { isBlocked = true }
                continue
            }
            share.waiter = nil
            share.isExpedited = false
            let isOver = reserved + waiter.byteCount > limits.byteCount
            let byteCount = isOver ? waiter.leastByteCount : waiter.byteCount
            share.reserved += byteCount
            share.fetchCount += 1
            reserved += byteCount
            shares[id] = share
            granted.append((waiter.continuation, byteCount))
        }
        if !granted.isEmpty {
            queue.removeAll { shares[$0]?.waiter == nil }
        }
        return granted
    }
}
