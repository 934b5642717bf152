import Synchronization
package import XetWire

/// Remembers which origins answer a request for several ranges with all of them.
///
/// What one does is remembered for the life of the process; of origins that are too many the one known longest is forgotten.
package final class MultipartHosts: Sendable {
    /// Most origins that are remembered: a CAS may name as many as it likes.
    static let maximumCount = 256
    /// After how many failures that may have had other reasons an origin is no longer asked.
    static let maximumDoubtCount = 3

    private enum Standing {
        /// Nothing is known but how often a request for several ranges failed, and how many are under way.
        case unknown(doubts: Int, asking: Int)
        case able
        case unable
    }

    private struct State {
        var standings: [HTTPAddress.Origin: Standing] = [:]
        /// The origins, those known longest first.
        var order: [HTTPAddress.Origin] = []
    }

    private let state = Mutex(State())

    /// Whether an origin may be asked for several ranges at once.
    package func mayBeAsked(_ origin: HTTPAddress.Origin) -> Bool {
        guard case .unable = standing(origin) else { return true }
        return false
    }

    /// Whether it would answer with them, as far as is known.
    ///
    /// While the first request is under way nobody should rely on it.
    func isExpectedToAnswer(_ origin: HTTPAddress.Origin) -> Bool {
        switch standing(origin) {
        case .unknown(_, let asking): asking == 0
        case .able: true
        case .unable: false
        }
    }

    /// Whether it has answered with them before.
    package func isAble(_ origin: HTTPAddress.Origin) -> Bool {
        guard case .able = standing(origin) else { return false }
        return true
    }

    /// Notes that one is asked; ``noteEnd(_:)`` follows.
    func noteBegin(_ origin: HTTPAddress.Origin) {
        change(origin) { standing in
            guard case .unknown(let doubts, let asking) = standing else { return }
            standing = .unknown(doubts: doubts, asking: asking + 1)
        }
    }

    /// Notes that one is no longer asked.
    func noteEnd(_ origin: HTTPAddress.Origin) {
        change(origin) { standing in
            guard case .unknown(let doubts, let asking) = standing else { return }
            standing = .unknown(doubts: doubts, asking: max(0, asking - 1))
        }
    }

    /// Notes that one has answered with all ranges.
    package func noteAble(_ origin: HTTPAddress.Origin) {
        change(origin) { $0 = .able }
    }

    /// Notes that one does not answer with several ranges.
    package func noteUnable(_ origin: HTTPAddress.Origin) {
        change(origin) { $0 = .unable }
    }

    /// Notes a failure that may have had other reasons; it says nothing against an origin that has answered before.
    package func noteDoubt(_ origin: HTTPAddress.Origin) {
        change(origin) { standing in
            guard case .unknown(let doubts, let asking) = standing else { return }
            standing = doubts + 1 < Self.maximumDoubtCount ? .unknown(doubts: doubts + 1, asking: asking) : .unable
        }
    }

    private func standing(_ origin: HTTPAddress.Origin) -> Standing {
        state.withLock { $0.standings[origin] ?? .unknown(doubts: 0, asking: 0) }
    }

    private func change(_ origin: HTTPAddress.Origin, _ body: (inout Standing) -> Void) {
        state.withLock { state in
            if state.standings[origin] == nil {
                if state.order.count == Self.maximumCount { state.standings[state.order.removeFirst()] = nil }
                state.order.append(origin)
            }
            body(&state.standings[origin, default: .unknown(doubts: 0, asking: 0)])
        }
    }
}
