import Synchronization
import XetAccess

/// Spares a store that fails, and those who wait for it: after some failures it is not asked, until it has been tried.
final class StoreBreaker: Sendable {
    /// Failures in a row after which it is not asked; what it refuses, or has no room for, it will refuse again.
    private static let mostFailureCount = 3
    private static let firstRest = Duration.seconds(2)
    private static let longestRest = Duration.seconds(30)

    private struct State {
        var failureCount = 0
        /// How often it has been let rest in a row.
        var restCount = 0
        var isResting = false
    }

    private let isReading: Bool
    private let events: any SharedStoreEvents
    private let onRest: @Sendable (Duration) -> Void
    private let state = Mutex(State())

    /// `onRest` gets how long it is to rest before it is tried.
    init(isReading: Bool, events: any SharedStoreEvents, onRest: @escaping @Sendable (Duration) -> Void) {
        self.isReading = isReading
        self.events = events
        self.onRest = onRest
    }

    /// Whether the store may be asked.
    var admits: Bool { state.withLock { !$0.isResting } }

    /// Takes note of an answer; if it `isTrial`, the store is asked again.
    func noteSuccess(isTrial: Bool) {
        let isBack = state.withLock { state in
            // What was asked before it rested says nothing new.
            guard isTrial || !state.isResting else { return false }
            defer { state = State() }
            return state.isResting
        }
        if isBack { events.noteBack(isReading: isReading) }
    }

    func noteFailure(_ error: ObjectStoreError, isTrial: Bool) {
        let (rest, isNew): (Duration?, Bool) = state.withLock { state in
            state.failureCount += 1
            let isFinal = [.denied, .full, .noCredentials].contains(error.kind)
            guard isTrial || !state.isResting, isFinal || state.failureCount >= Self.mostFailureCount else {
                return (nil, false)
            }
            defer {
                state.isResting = true
                state.restCount += 1
            }
            return (min(Self.longestRest, Self.firstRest * (1 << min(state.restCount, 5))), !state.isResting)
        }
        if isNew { events.noteAway(isReading: isReading, error) }
        if let rest { onRest(rest) }
    }
}
