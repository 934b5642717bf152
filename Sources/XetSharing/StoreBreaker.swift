import Synchronization
import XetAccess

/// Spares a store that fails, and those who wait for it: after some failures it is not asked for a while, then by one at a time.
final class StoreBreaker: Sendable {
    /// Failures in a row after which it is not asked; what it refuses, or has no room for, it will refuse again.
    private static let mostFailureCount = 3
    private static let firstRest = Duration.seconds(5)
    private static let longestRest = Duration.seconds(60)

    private struct State {
        var failureCount = 0
        /// How often it has been let rest in a row.
        var restCount = 0
        /// Until when it is not asked; `nil` if it is.
        var restUntil: ContinuousClock.Instant?
    }

    private let isReading: Bool
    private let time: StoreTime
    private let events: any SharedStoreEvents
    private let state = Mutex(State())

    init(isReading: Bool, time: StoreTime, events: any SharedStoreEvents) {
        self.isReading = isReading
        self.time = time
        self.events = events
    }

    /// Whether the store may be asked now.
    func admits() -> Bool {
        let now = time.now()
        return state.withLock { state in
            guard let until = state.restUntil else { return true }
            guard now >= until else { return false }
            // This one finds out; the others wait as long again.
            Self.rest(from: now, &state)
            return true
        }
    }

    func noteSuccess() {
        let wasResting = state.withLock { state in
            defer { state = State() }
            return state.restUntil != nil
        }
        if wasResting { events.noteBack(isReading: isReading) }
    }

    func noteFailure(_ error: ObjectStoreError) {
        let now = time.now()
        let begins = state.withLock { state in
            state.failureCount += 1
            let isFinal = [.denied, .full, .noCredentials].contains(error.kind)
            guard state.restUntil == nil, isFinal || state.failureCount >= Self.mostFailureCount else { return false }
            Self.rest(from: now, &state)
            return true
        }
        if begins { events.noteAway(isReading: isReading, error) }
    }

    private static func rest(from now: ContinuousClock.Instant, _ state: inout State) {
        state.restUntil = now + min(longestRest, firstRest * (1 << min(state.restCount, 4)))
        state.restCount += 1
    }
}
