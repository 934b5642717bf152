import Synchronization

/// The memory and the connections that all downloads of the process share.
///
/// A download reserves bytes for each fetch, in the order of delivery, before the fetch begins, and gives them back as
/// they are delivered. How much it may have is for its `Pace` to say while there is enough for everybody; if not,
/// those that need little get it, and the others equal parts of the rest. The fetch that the reader waits for is never
/// refused: if nothing is left it gets room for a few chunks beyond the total, and everybody else waits.
public final class FetchBudget: Sendable {
    fileprivate struct Share {
        var pace: Pace
        var reserved = 0
        /// What the fetches under way count.
        var fetchWeight = 0
        var isExpedited = false
        var waiter: Waiter?
    }

    fileprivate struct Waiter {
        let byteCount: Int
        let fetchWeight: Int
        /// What it takes if the whole is used up and its reader waits for it.
        let leastByteCount: Int
        let continuation: CheckedContinuation<Int, any Error>
    }

    fileprivate struct State {
        let byteCount: Int
        let leastByteCountPerFetch: Int
        var reserved = 0
        /// Most that was reserved at once since there was no download.
        var mostReserved = 0
        var shares: [ObjectIdentifier: Share] = [:]
        /// Most that one download may have: the more downloads want much, the less.
        var mostPerShare = Int.max
        /// Downloads that wait, longest first.
        var queue: [ObjectIdentifier] = []
    }

    /// What a fetch counts, and a small one: that is over so soon that most of its time is waiting for its first byte.
    fileprivate static let fetchWeight = 4
    private static let smallFetchWeight = 1

    /// Memory of which it is worth while to give it back.
    fileprivate static let muchByteCount = 16 << 20

    private let limits: Pace.Limits
    /// What is held for answers that are no downloads.
    private let answers: BufferedAnswers
    fileprivate let onIdle: @Sendable () -> Void
    fileprivate let state: Mutex<State>

    /// A budget for downloads that together take about `byteCount` bytes of memory.
    ///
    /// Three eighths of them are given out; the rest pays for what is not counted: buffers that are not full, and what
    /// waits in connections. `onIdle` is called after the last of the present downloads has given back its memory, if that
    /// was much.
    public convenience init(byteCount: Int = 256 << 20, onIdle: @escaping @Sendable () -> Void = {}) {
        self.init(byteCount: byteCount / 8 * 3, limits: Pace.Limits(), onIdle: onIdle)
    }

    /// A budget of `byteCount` bytes received, unpacked and not delivered yet, whose downloads keep to `limits` as far
    /// as it goes.
    init(byteCount: Int, limits: Pace.Limits, onIdle: @escaping @Sendable () -> Void = {}) {
        var limits = limits
        limits.firstByteCount = min(limits.firstByteCount, byteCount)
        limits.mostByteCount = min(limits.mostByteCount, byteCount)
        self.limits = limits
        self.onIdle = onIdle
        answers = BufferedAnswers(most: byteCount / 2)
        state = Mutex(State(byteCount: byteCount, leastByteCountPerFetch: limits.leastByteCountPerFetch))
    }

    /// Bytes reserved now.
    public var reservedByteCount: Int { state.withLock { $0.reserved } + answers.byteCount }

    /// The memory of an answer that is held as a whole; nothing is held yet.
    public func answerReservation() -> AnswerReservation { AnswerReservation(answers, of: self) }

    /// Lets through whoever may go on since an answer has left.
    func noteRoom() { change { _ in } }

    fileprivate func weight(of byteCount: Int) -> Int {
        byteCount <= limits.smallFetchByteCount ? Self.smallFetchWeight : Self.fetchWeight
    }

    /// A new download's part.
    func account() -> FetchAccount { FetchAccount(self, Pace(limits)) }
}

/// One download's part of a ``FetchBudget``; what is still reserved is given back when it goes.
final class FetchAccount: Sendable {
    private let budget: FetchBudget
    private var id: ObjectIdentifier { ObjectIdentifier(self) }

    fileprivate init(_ budget: FetchBudget, _ pace: Pace) {
        self.budget = budget
        budget.state.withLock { state in
            state.shares[id] = FetchBudget.Share(pace: pace)
            state.divide()
        }
    }

    deinit {
        var isIdle = false
        budget.change { state in
            state.reserved -= state.shares.removeValue(forKey: id)?.reserved ?? 0
            state.queue.removeAll { $0 == id }
            state.divide()
            guard state.shares.isEmpty else { return }
            isIdle = state.mostReserved >= FetchBudget.muchByteCount
            state.mostReserved = 0
        }
        if isIdle { budget.onIdle() }
    }

    /// How far a download may run ahead.
    struct Allowance: Sendable {
        let byteCount: Int
        let fetchCount: Int
        /// Bytes that it delivered in a second; 0 before that was measured.
        let rate: Double
    }

    /// How far this download may run ahead now.
    var allowance: Allowance {
        budget.state.withLock { state in
            guard let share = state.shares[id] else { return Allowance(byteCount: 0, fetchCount: 0, rate: 0) }
            return Allowance(
                byteCount: state.byteLimit(of: share),
                fetchCount: state.fetchLimit(of: share),
                rate: share.pace.rate
            )
        }
    }

    /// Waits for room for a fetch of `byteCount` bytes; at most one call at a time.
    ///
    /// Returns how many bytes are reserved: fewer, but at least `least`, if nothing is left and the reader waits.
    @discardableResult
    func reserve(_ byteCount: Int, atLeast least: Int? = nil) async throws -> Int {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int, any Error>) in
                let isCancelled = budget.change { state in
                    guard !Task.isCancelled else { return true }
                    state.shares[id]?.waiter = FetchBudget.Waiter(
                        byteCount: byteCount,
                        fetchWeight: budget.weight(of: byteCount),
                        leastByteCount: least ?? byteCount,
                        continuation: continuation
                    )
                    state.queue.append(id)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let waiter = budget.change { state in
                state.queue.removeAll { $0 == id }
                return state.shares[id]?.waiter.take()
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Gives bytes back that need no room any more.
    func release(_ byteCount: Int) {
        budget.change { state in
            state.shares[id]?.reserved -= byteCount
            state.reserved -= byteCount
        }
    }

    /// Gives the connection of a fetch that asked for `byteCount` bytes back, and the part of them that was for it.
    func endFetch(of byteCount: Int, releasing connectionByteCount: Int = 0) {
        budget.change { state in
            state.shares[id]?.fetchWeight -= budget.weight(of: byteCount)
            state.shares[id]?.reserved -= connectionByteCount
            state.reserved -= connectionByteCount
        }
    }

    /// Notes that the reader waited for bytes.
    func noteWait(of duration: Duration) {
        budget.state.withLock { $0.shares[id]?.pace.noteWait(of: duration) }
    }

    /// Notes delivered bytes; `time` counts from anywhere.
    func noteDelivery(of byteCount: Int, at time: Duration) {
        budget.change { state in
            guard state.shares[id]?.pace.noteDelivery(of: byteCount, at: time) == true else { return }
            state.divide()
        }
    }

    /// Notes that an upstream asked for less, or failed under load.
    func noteCongestion() {
        budget.state.withLock { $0.shares[id]?.pace.noteCongestion() }
    }

    /// Lets the next reservation through at once: the reader waits for it.
    func expedite() {
        budget.change { state in state.shares[id]?.isExpedited = true }
    }
}

extension FetchBudget {
    /// Changes the state, then lets through whoever may go on.
    fileprivate func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let held = answers.byteCount
        let (value, granted) = state.withLock { state in
            let value = body(&state)
            return (value, state.grant(besides: held))
        }
        for (continuation, byteCount) in granted {
            continuation.resume(returning: byteCount)
        }
        return value
    }
}

extension FetchBudget.State {
    /// What it may have now.
    func byteLimit(of share: FetchBudget.Share) -> Int { min(share.pace.byteLimit, mostPerShare) }

    /// How many fetches it may have under way: fewer than its pace says if there is too little room for so many.
    func fetchLimit(of share: FetchBudget.Share) -> Int {
        max(1, min(share.pace.fetchLimit, byteLimit(of: share) / leastByteCountPerFetch))
    }

    /// Divides the whole anew: nobody gets more than it wants, and who wants more than is there gets as much as any other.
    mutating func divide() {
        var rest = byteCount
        mostPerShare = .max
        guard shares.values.reduce(0, { $0 + $1.pace.byteLimit }) > byteCount else { return }
        let wishes = shares.values.map(\.pace.byteLimit).sorted()
        for (index, wish) in wishes.enumerated() {
            let part = rest / (wishes.count - index)
            guard wish <= part else {
                mostPerShare = max(1, part)
                return
            }
            rest -= wish
        }
    }

    /// Lets through whoever may go on; `held` bytes are not for downloads.
    mutating func grant(besides held: Int) -> [(CheckedContinuation<Int, any Error>, byteCount: Int)] {
        var granted: [(CheckedContinuation<Int, any Error>, byteCount: Int)] = []
        // Whoever would fit their own share but not the whole keeps those behind them from going first.
        var isBlocked = false
        for id in queue {
            guard var share = shares[id], let waiter = share.waiter else { continue }
            let fitsShare =
                share.reserved + waiter.byteCount <= byteLimit(of: share) || share.reserved == 0
            let fitsFetches = share.fetchWeight < fetchLimit(of: share) * FetchBudget.fetchWeight
            let fitsWhole = !isBlocked && held + reserved + waiter.byteCount <= byteCount
            guard share.isExpedited || (fitsShare && fitsFetches && fitsWhole) else {
                if fitsShare && fitsFetches { isBlocked = true }
                continue
            }
            share.waiter = nil
            share.isExpedited = false
            let isOver = held + reserved + waiter.byteCount > byteCount
            let granting = isOver ? waiter.leastByteCount : waiter.byteCount
            share.reserved += granting
            share.fetchWeight += waiter.fetchWeight
            reserved += granting
            mostReserved = max(mostReserved, reserved)
            shares[id] = share
            granted.append((waiter.continuation, granting))
        }
        if !granted.isEmpty {
            queue.removeAll { shares[$0]?.waiter == nil }
        }
        return granted
    }
}
