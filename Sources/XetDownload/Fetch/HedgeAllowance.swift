import Synchronization

/// How many second GETs the process may send: they are load for an upstream that may have too much already.
final class HedgeAllowance: Sendable {
    /// One in so many GETs.
    static let leastGETCountPerHedge = 20
    /// So many in any case, for a process that has just begun.
    static let firstHedgeCount = 2

    private struct State {
        var gets = 0
        var hedges = 0
    }

    private let state = Mutex(State())

    init() {}

    /// Notes a GET.
    func noteGET() { state.withLock { $0.gets += 1 } }

    /// Takes leave for a second GET; returns whether it is given.
    func take() -> Bool {
        state.withLock { state in
            guard state.hedges < Self.firstHedgeCount + state.gets / Self.leastGETCountPerHedge else { return false }
            state.hedges += 1
            return true
        }
    }
}
