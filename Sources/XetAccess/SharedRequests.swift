import Synchronization

/// Asks once for what several want at the same time, and gives all of them the answer, or the failure.
///
/// A request belongs to the first of those who want it; if that one leaves, the next one asks. Nobody waits for the failures of
/// others one after the other. Nothing is kept when nobody waits any more.
package final class SharedRequests<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// A request that somebody waits for.
    private struct Flight {
        let gate = TaskGate()
        var waiterCount = 0
        /// Answers and failures so far, and the last of them.
        var resultCount = 0
        var result: Result<Value, XetError>?
    }

    private let flights = Mutex<[Key: Flight]>([:])

    package init() {}

    /// How many requests somebody waits for.
    package var count: Int { flights.withLock { $0.count } }

    /// What `ask` gave or threw, to this caller or to one that it waited for; `isShared` says which.
    package func value(
        for key: Key,
        _ ask: () async throws -> Value
    ) async throws -> (value: Value, isShared: Bool) {
        let (gate, count) = join(key)
        defer { leave(key) }
        return try await gate.withTurn {
            if let result = result(key, since: count) { return (try result.get(), true) }
            do {
                let value = try await ask()
                note(.success(value), key)
                return (value, false)
            } catch let error as XetError {
                note(.failure(error), key)
                throw error
            }
        }
    }

    private func join(_ key: Key) -> (gate: TaskGate, resultCount: Int) {
        flights.withLock { flights in
            var flight = flights[key] ?? Flight()
            flight.waiterCount += 1
            flights[key] = flight
            return (flight.gate, flight.resultCount)
        }
    }

    /// What came while somebody waited who had found `count` results.
    private func result(_ key: Key, since count: Int) -> Result<Value, XetError>? {
        flights.withLock { flights in
            guard let flight = flights[key], flight.resultCount > count else { return nil }
            return flight.result
        }
    }

    private func note(_ result: Result<Value, XetError>, _ key: Key) {
        flights.withLock { flights in
            flights[key]?.resultCount += 1
            flights[key]?.result = result
        }
    }

    private func leave(_ key: Key) {
        flights.withLock { flights in
            flights[key]?.waiterCount -= 1
            if flights[key]?.waiterCount == 0 { flights[key] = nil }
        }
    }
}
