/// One download's part of a ``FetchBudget`` while it fetches; closing it gives back what it still holds.
final class FetchAccount: Sendable {
    private let budget: FetchBudget
    private let id: BudgetStateMachine.DownloadID
    private let pace: DownloadPace

    init(_ budget: FetchBudget, _ id: BudgetStateMachine.DownloadID, _ pace: DownloadPace) {
        self.budget = budget
        self.id = id
        self.pace = pace
    }

    deinit { close() }

    /// Gives back everything; what comes later changes nothing, and who asks is cancelled.
    func close() { budget.close(id) }

    /// How far a download may run ahead.
    struct Allowance: Sendable {
        let byteCount: Int
        /// GETs at once.
        let fetchCount: Int
        /// Bytes that it delivered in a second; 0 before that was measured.
        let rate: Double
    }

    /// How far this download may run ahead now.
    var allowance: Allowance {
        let granted = budget.allowance(of: id)
        let fetchCount = max(1, min(granted.fetchCount, granted.byteCount / budget.leastByteCountPerFetch))
        return Allowance(byteCount: granted.byteCount, fetchCount: fetchCount, rate: pace.rate)
    }

    /// Waits for a place for a fetch; at most one call at a time, in the order of the file.
    func place(for fetch: BudgetStateMachine.Fetch) async throws {
        _ = try await budget.ask(of: id) { $0.ask(fetch, $1, of: id) }
    }

    /// Waits for memory; returns how much is granted.
    func bytes(for demand: BudgetStateMachine.Demand) async throws -> Int {
        try await budget.ask(of: id) { $0.ask(demand, $1, of: id) }
    }

    /// Notes that the reader waits for a fetch that has no place, or no bytes, yet.
    func need(_ ordinal: Int) { budget.apply { $0.need(ordinal, of: id) } }

    /// Gives back memory, and notes how much of what was ahead of the reader is not any more.
    func release(held: Int, ahead: Int = 0) { budget.apply { $0.release(held: held, ahead: ahead, of: id) } }

    /// Gives back the place of a fetch.
    func endPlace(of fetch: BudgetStateMachine.Fetch) { budget.apply { $0.endPlace(of: fetch, of: id) } }

    /// Notes that the reader waited for bytes.
    func noteWait(of duration: Duration) { pace.noteWait(of: duration) }

    /// Notes delivered bytes; `time` counts from anywhere.
    func noteDelivery(of byteCount: Int, at time: Duration) {
        guard let wish = pace.noteDelivery(of: byteCount, at: time) else { return }
        budget.apply { $0.change(wish, of: id) }
    }

    /// Notes that an upstream asked for less, or failed under load.
    func noteCongestion() {
        let wish = pace.noteCongestion()
        budget.apply { $0.change(wish, of: id) }
    }
}
