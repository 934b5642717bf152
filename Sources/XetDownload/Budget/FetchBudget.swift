import Synchronization

/// The memory and the connections that all downloads of the process share.
///
/// ``BudgetStateMachine`` decides; this keeps who waits.
public final class FetchBudget: Sendable {
    fileprivate enum Waiter {
        /// It has asked, and is about to wait.
        case asked
        case waiting(CheckedContinuation<Int, any Error>)
        /// It was let through before it waited.
        case granted(Int)
    }

    fileprivate struct State {
        var machine: BudgetStateMachine
        var waiters: [BudgetStateMachine.Ticket: Waiter] = [:]
        var ticketCount = 0
        /// Most that was held at once since there was no download.
        var mostHeldByteCount = 0
    }

    fileprivate typealias Resumption = (continuation: CheckedContinuation<Int, any Error>, byteCount: Int)

    /// Memory of which it is worth while to give it back.
    private static let muchByteCount = 16 << 20

    /// How far downloads run ahead, but for ``aheadByteCount``.
    private let pace: Pace.Limits
    /// What all of them together run ahead at most.
    private let aheadByteCount: Int
    /// What is held for answers that are no downloads.
    private let answers: BufferedAnswers
    private let onIdle: @Sendable () -> Void
    private let state: Mutex<State>

    /// A budget for downloads that together take about `byteCount` bytes of memory.
    ///
    /// Three eighths of it are given out; the rest pays for what is not counted: buffers that are not full, and what waits in
    /// connections. `onIdle` is called after the last of the present downloads has given back its memory, if that was much.
    public convenience init(byteCount: Int = 256 << 20, onIdle: @escaping @Sendable () -> Void = {}) {
        self.init(
            BudgetStateMachine.Limits(
                byteCount: byteCount / 8 * 3,
                spareByteCount: byteCount / 16,
                aheadByteCount: byteCount / 4 * 3,
                placeByteCount: 256 << 10
            ),
            onIdle: onIdle
        )
    }

    /// A budget whose downloads keep to `pace` as far as `limits` go.
    init(
        _ limits: BudgetStateMachine.Limits,
        pace: Pace.Limits = Pace.Limits(),
        onIdle: @escaping @Sendable () -> Void = {}
    ) {
        self.pace = pace
        aheadByteCount = limits.aheadByteCount
        self.onIdle = onIdle
        answers = BufferedAnswers(most: limits.byteCount / 2)
        state = Mutex(State(machine: BudgetStateMachine(limits)))
    }

    /// Bytes held now.
    public var reservedByteCount: Int { state.withLock { $0.machine.heldByteCount } + answers.byteCount }

    /// Whether readers wait for what there is no memory for.
    var isShort: Bool { state.withLock { $0.machine.isShort } }

    /// Bytes that a GET must have for another to be worth its connection.
    var leastByteCountPerFetch: Int { pace.leastByteCountPerFetch }

    /// How far a download runs ahead; `gridByteCount` is what its windows have if they keep to a grid.
    func pace(gridByteCount: Int? = nil) -> Pace.Limits {
        (gridByteCount.map { pace.holdingCells(of: $0) } ?? pace).bounded(by: aheadByteCount)
    }

    /// The memory of an answer that is held as a whole; nothing is held yet.
    public func answerReservation() -> AnswerReservation { AnswerReservation(answers, of: self) }

    /// Takes note of what answers hold, and lets through whoever may go on.
    func noteAnswers() {
        change { $0.machine.note(elsewhere: answers.byteCount) }
    }

    /// The part of a download that begins to fetch, or goes on.
    func account(_ pace: DownloadPace) -> FetchAccount {
        FetchAccount(self, state.withLock { $0.machine.open(pace.wish) }, pace)
    }
}

extension FetchBudget {
    /// Changes the state, then lets through whoever may go on.
    private func change(_ body: (inout State) -> [BudgetStateMachine.Grant]) {
        let resumptions = state.withLock { state in state.settle(body(&state)) }
        for (continuation, byteCount) in resumptions { continuation.resume(returning: byteCount) }
    }

    func apply(_ body: (inout BudgetStateMachine) -> [BudgetStateMachine.Grant]) {
        change { body(&$0.machine) }
    }

    func allowance(of id: BudgetStateMachine.DownloadID) -> BudgetStateMachine.Wish {
        state.withLock { $0.machine.allowance(of: id) }
    }

    func close(_ id: BudgetStateMachine.DownloadID) {
        var isIdle = false
        var cancelled: [CheckedContinuation<Int, any Error>] = []
        change { state in
            let (withdrawn, grants) = state.machine.close(id)
            cancelled = withdrawn.compactMap { ticket in
                if case .waiting(let continuation) = state.waiters.removeValue(forKey: ticket) {
                    continuation
                } else {
                    nil
                }
            }
            guard state.machine.downloadCount == 0 else { return grants }
            isIdle = state.mostHeldByteCount >= Self.muchByteCount
            state.mostHeldByteCount = 0
            return grants
        }
        for continuation in cancelled { continuation.resume(throwing: CancellationError()) }
        if isIdle { onIdle() }
    }

    /// Waits until a request is let through; returns the memory that is granted.
    ///
    /// Throws `CancellationError`, also when the download is closed.
    func ask(
        of id: BudgetStateMachine.DownloadID,
        _ request: (inout BudgetStateMachine, BudgetStateMachine.Ticket) -> [BudgetStateMachine.Grant]
    ) async throws -> Int {
        try Task.checkCancellation()
        var ticket = BudgetStateMachine.Ticket(number: 0)
        var granted: Int?
        change { state in
            guard state.machine.isOpen(id) else { return [] }
            state.ticketCount += 1
            ticket = BudgetStateMachine.Ticket(number: state.ticketCount)
            var grants = request(&state.machine, ticket)
            if let own = grants.firstIndex(where: { $0.ticket == ticket }) {
                granted = grants.remove(at: own).byteCount
                state.noteHeld()
            } else {
                state.waiters[ticket] = .asked
            }
            return grants
        }
        if let granted { return granted }
        return try await wait(for: ticket, of: id)
    }

    private func wait(for ticket: BudgetStateMachine.Ticket, of id: BudgetStateMachine.DownloadID) async throws -> Int {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int, any Error>) in
                var outcome: Result<Int, any Error>?
                change { state in
                    switch state.waiters[ticket] {
                    case .granted(let byteCount):
                        state.waiters[ticket] = nil
                        outcome = .success(byteCount)
                    case .asked where !Task.isCancelled:
                        state.waiters[ticket] = .waiting(continuation)
                    case .asked, .waiting, nil:
                        outcome = .failure(CancellationError())
                        return state.withdraw(ticket, of: id)
                    }
                    return []
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            var cancelled: CheckedContinuation<Int, any Error>?
            change { state in
                guard case .waiting(let continuation) = state.waiters[ticket] else { return [] }
                cancelled = continuation
                return state.withdraw(ticket, of: id)
            }
            cancelled?.resume(throwing: CancellationError())
        }
    }
}

extension FetchBudget.State {
    fileprivate mutating func noteHeld() {
        mostHeldByteCount = max(mostHeldByteCount, machine.heldByteCount)
    }

    /// Notes what is let through; returns who is to be resumed.
    fileprivate mutating func settle(_ grants: [BudgetStateMachine.Grant]) -> [FetchBudget.Resumption] {
        guard !grants.isEmpty else { return [] }
        noteHeld()
        return grants.compactMap { grant in
            switch waiters[grant.ticket] {
            case .waiting(let continuation):
                waiters[grant.ticket] = nil
                return (continuation, grant.byteCount)
            default:
                waiters[grant.ticket] = .granted(grant.byteCount)
                return nil
            }
        }
    }

    /// Takes back a request that waits.
    fileprivate mutating func withdraw(
        _ ticket: BudgetStateMachine.Ticket,
        of id: BudgetStateMachine.DownloadID
    ) -> [BudgetStateMachine.Grant] {
        waiters[ticket] = nil
        return machine.withdraw(ticket, of: id).grants
    }
}
