import Synchronization

/// The lanes of a run that may hold chunks.
final class OpenLanes: Sendable {
    private struct State {
        var lanes: [ObjectIdentifier: FetchLane] = [:]
        var areDropped = false
    }

    private let state = Mutex(State())

    init() {}

    /// Whether the reader was blocked and all was dropped.
    var areDropped: Bool { state.withLock { $0.areDropped } }

    /// Adds lanes; they are closed at once if all were dropped.
    func add(_ lanes: [FetchLane]) {
        let areDropped = state.withLock { state in
            if !state.areDropped { for lane in lanes { state.lanes[ObjectIdentifier(lane)] = lane } }
            return state.areDropped
        }
        if areDropped { for lane in lanes { lane.close() } }
    }

    /// Removes lanes that are closed.
    func remove(_ lanes: [FetchLane]) {
        state.withLock { state in for lane in lanes { state.lanes[ObjectIdentifier(lane)] = nil } }
    }

    /// Closes all lanes, and those that come later.
    func drop() {
        let lanes = state.withLock { state in
            state.areDropped = true
            defer { state.lanes = [:] }
            return state.lanes.values
        }
        for lane in lanes { lane.close() }
    }
}
