import Synchronization
import XetAccess
import XetCore

/// Thrown to a reader whose chunks were dropped since it took nothing for long.
struct LaneClosedError: Error {}

/// What one fetch brings, from its place among the GETs to the last use of its chunks.
///
/// It alone holds what the fetch has of the budget. Those that fetch put batches in and wait while it is full; the reader
/// takes chunks out. Cancelling either side ends its wait with `CancellationError`.
final class FetchLane: Sendable {
    /// How much of the memory a fetch takes.
    struct Room: Hashable, Sendable {
        /// Most bytes of chunks at the same time, unless all must be kept.
        var byteCount: Int
        /// The same if its reader waits and the memory of the process is used up.
        var leastByteCount: Int
        /// A fetch of at most so many bytes is small: it is over so soon that it mostly waits for its first byte.
        var smallFetchByteCount = 1 << 20
    }

    private struct State {
        var machine: LaneStateMachine
        var reader: CheckedContinuation<Void, any Error>?
        /// Those that wait for room: one GET, or two if the first has stalled.
        var fetchers: [Int: CheckedContinuation<Void, any Error>] = [:]
        var fetcherCount = 0
        /// Whether there is memory for what comes.
        var isOpen = false
        /// Since when the budget has been asked, and how long it was before.
        var askedSince: Duration?
        var askedFor = Duration.zero

        mutating func takeFetchers() -> [CheckedContinuation<Void, any Error>] {
            guard !machine.isFull, !fetchers.isEmpty else { return [] }
            defer { fetchers = [:] }
            return Array(fetchers.values)
        }
    }

    let plan: PlannedFetch
    private let ordinal: Int
    private let room: Room
    private let account: FetchAccount
    private let watch: Stopwatch
    private let state: Mutex<State>
    private let opening = TaskGate()

    /// The lane of a fetch; `ordinal` is its number among all of its download.
    init(_ plan: PlannedFetch, ordinal: Int, room: Room, account: FetchAccount, watch: Stopwatch) {
        self.plan = plan
        self.ordinal = ordinal
        self.room = room
        self.account = account
        self.watch = watch
        state = Mutex(State(machine: LaneStateMachine(plan, ordinal: ordinal)))
    }

    private var fetch: BudgetStateMachine.Fetch {
        let isSmall = plan.usedByteCount <= room.smallFetchByteCount
        return BudgetStateMachine.Fetch(
            ordinal: ordinal,
            byteCount: plan.usedByteCount,
            weight: isSmall ? 1 : BudgetStateMachine.fullWeight
        )
    }
}

// MARK: Those that fetch

extension FetchLane {
    /// Waits for a place among the GETs; ``endPlace()`` follows.
    func takePlace() async throws {
        try await asking { try await account.place(for: fetch) }
        giveBack(state.withLock { $0.machine.place() })
    }

    /// How long it has waited for the budget by now, all in all.
    var budgetWait: Duration {
        let now = watch.elapsed
        return state.withLock { state in state.askedFor + (state.askedSince.map { now - $0 } ?? .zero) }
    }

    private func asking<Value>(_ body: () async throws -> Value) async throws -> Value {
        let start = watch.elapsed
        state.withLock { $0.askedSince = start }
        defer {
            let end = watch.elapsed
            state.withLock { state in
                state.askedSince = nil
                state.askedFor += end - start
            }
        }
        return try await body()
    }

    /// Gives the place back: all GETs are over.
    func endPlace() { account.endPlace(of: fetch) }

    /// The first chunk that was neither put in nor skipped.
    var next: Int { state.withLock { $0.machine.next } }

    /// Whether every chunk that is used has come.
    var isComplete: Bool { state.withLock { $0.machine.isComplete } }

    /// Whether what a GET may still bring is of use.
    var isGETUseful: Bool { state.withLock { $0.machine.isGETUseful } }

    /// Waits for memory for what comes, once the head is there; what it has is enough until ``pause()``.
    func open() async throws {
        if state.withLock({ $0.isOpen }) { return }
        try await opening.withTurn {
            let wanted = state.withLock { $0.isOpen ? nil : $0.machine.wantedByteCount }
            guard let wanted else { return }
            let byteCount = plan.isRetained ? wanted : min(wanted, room.byteCount)
            let demand = BudgetStateMachine.Demand(
                ordinal: ordinal,
                byteCount: byteCount,
                leastByteCount: plan.isRetained ? byteCount : min(byteCount, room.leastByteCount)
            )
            let granted = try await asking { try await account.bytes(for: demand) }
            let isClosed = state.withLock { state in
                state.isOpen = true
                state.machine.grant(granted)
                return state.machine.isClosed
            }
            if isClosed { account.release(held: granted) }
        }
    }

    /// Gives back the memory for what has not come: the GET has failed, and the next may take long.
    func pause() {
        let (release, isNeeded) = state.withLock { state in
            state.isOpen = false
            return (state.machine.pause(), state.reader != nil)
        }
        if isNeeded { account.need(ordinal) }
        giveBack(release)
    }

    /// Puts in what another GET has not brought yet, then waits while the lane is full.
    func put(_ batch: DecodedBatch) async throws {
        let (reader, ticket) = state.withLock { state in
            state.machine.put(batch)
            state.fetcherCount += 1
            return (state.reader.take(), state.machine.isFull ? state.fetcherCount : nil)
        }
        reader?.resume()
        guard let ticket else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDone = state.withLock { state in
                    guard state.machine.isFull, !Task.isCancelled else { return true }
                    state.fetchers[ticket] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.fetchers.removeValue(forKey: ticket) }?.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }

    /// Ends the lane; the reader sees the end, or the error, after the chunks that are still there.
    func finish(_ result: Result<Void, any Error> = .success(())) {
        let reader = state.withLock { state in
            state.machine.noteEnd(result)
            return state.reader.take()
        }
        reader?.resume()
    }
}

// MARK: The reader

extension FetchLane {
    /// The chunk with a number if it is there; `nil` if it has to be waited for.
    ///
    /// Throws the failure of the fetch, `.corrupt` if it brought no such chunk, ``LaneClosedError`` if it is closed.
    func chunk(_ index: Int) throws -> DecodedChunk? {
        switch state.withLock({ $0.machine.take(index) }) {
        case .chunk(let chunk): return chunk
        case .wait: return nil
        case .missing:
            throw XetError(.corrupt, "xorb \(plan.xorb) has no chunk \(index) where the reconstruction says so")
        case .failure(let error): throw error
        case .closed: throw LaneClosedError()
        }
    }

    /// Waits until ``chunk(_:)`` may have another answer.
    func waitForChunk(_ index: Int) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let (isDone, isNeeded) = state.withLock { state in
                    guard state.machine.isStarved, !Task.isCancelled else { return (true, false) }
                    state.reader = continuation
                    return (false, !state.isOpen)
                }
                if isDone { continuation.resume() }
                if isNeeded { account.need(ordinal) }
            }
        } onCancel: {
            state.withLock { $0.reader.take() }?.resume(throwing: CancellationError())
        }
        try Task.checkCancellation()
    }

    /// Notes that a chunk has left, once for each use.
    func leave(_ index: Int, byteCount: Int) {
        let (release, fetchers) = state.withLock { state in
            (state.machine.leave(index, byteCount: byteCount), state.takeFetchers())
        }
        for fetcher in fetchers { fetcher.resume() }
        giveBack(release)
    }

    /// Drops everything that is there, and gives its memory back.
    func close() {
        let (release, fetchers, reader) = state.withLock { state in
            (state.machine.close(), state.takeFetchers(), state.reader.take())
        }
        for fetcher in fetchers { fetcher.resume() }
        reader?.resume()
        giveBack(release)
    }

    private func giveBack(_ release: LaneStateMachine.Release) {
        guard !release.isEmpty else { return }
        account.release(held: release.held, ahead: release.ahead)
    }
}
