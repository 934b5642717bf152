import Synchronization
import XetCore

/// The flights that are under way: no chunk is in two of them.
final class FlightBoard: Sendable {
    /// What ``begin(_:missing:since:)`` found.
    enum Begin {
        /// A flight with the first missing chunk, which the caller has joined.
        case joined(Flight)
        /// A new one, which the caller has joined and has to see to that it runs.
        case new(Flight)
        /// A flight has ended meanwhile: what it brought may be kept now.
        case stale
    }

    private struct State {
        var flights: [XorbHash: [Flight]] = [:]
        /// Those that were begun beside one that stalls.
        var rescues: [XorbHash: [Flight]] = [:]
        /// Those who wait until certain flights have ended.
        var waiting: [Int: (flights: Set<ObjectIdentifier>, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var nextTicket = 0
        /// Flights that have ended.
        var endedCount: UInt64 = 0
    }

    private let memory = FlightMemory()
    private let onKept: @Sendable (XorbHash, ChunkRange) -> Void
    private let state = Mutex(State())

    /// `onKept` gets what a flight has brought, when its readers have left.
    init(onKept: @escaping @Sendable (XorbHash, ChunkRange) -> Void = { _, _ in }) {
        self.onKept = onKept
    }

    /// Bytes that the flights hold in memory.
    var heldByteCount: Int { memory.heldByteCount }

    /// All flights.
    var flights: [Flight] {
        state.withLock { state in [state.flights, state.rescues].flatMap { $0.values.flatMap { $0 } } }
    }

    /// How many flights have ended by now.
    var endedCount: UInt64 { state.withLock { $0.endedCount } }

    /// The flight that brings a chunk, if there is one; the caller has joined it.
    func join(_ chunk: Int, of xorb: XorbHash) -> Flight? {
        state.withLock { state in
            let flight = state.flights[xorb]?.first { $0.brings(chunk) }
            flight?.join()
            return flight
        }
    }

    /// The flight that brings the first chunk of `missing`, or a new one that fetches `fetch` and keeps the missing chunks up to
    /// those of the next flight.
    ///
    /// `moment` is ``endedCount`` from before the caller looked what is kept; `nil` if that does not matter.
    func begin(_ fetch: XorbFetch, missing: ChunkRange, since moment: UInt64?) -> Begin {
        state.withLock { state in
            if let moment, state.endedCount != moment { return .stale }
            let all = state.flights[fetch.xorb] ?? []
            let others = all.filter { !$0.hasFailed }
            if let other = others.first(where: { $0.brings(missing.start) }) {
                other.join()
                return .joined(other)
            }
            let end = others.map(\.chunks.start).filter { $0 > missing.start }.min() ?? missing.end
            let chunks = ChunkRange(start: missing.start, end: min(end, missing.end)) ?? missing
            let flight = Flight(fetch, keeping: chunks, memory: memory, onKept: onKept)
            flight.join()
            state.flights[fetch.xorb] = all + [flight]
            return .new(flight)
        }
    }

    /// A flight beside one that stalls, which the caller has joined: all readers of that one go over to the same.
    ///
    /// Whether it is new; then the caller has to see to that it runs.
    func rescue(_ fetch: XorbFetch, from chunk: Int) -> (flight: Flight, isNew: Bool) {
        state.withLock { state in
            let others = state.rescues[fetch.xorb] ?? []
            if let other = others.first(where: { $0.brings(chunk) }) {
                other.join()
                return (other, false)
            }
            let rest = ChunkRange(start: chunk, end: fetch.info.chunks.end) ?? fetch.info.chunks
            let flight = Flight(fetch, keeping: rest, memory: memory, onKept: onKept)
            flight.join()
            state.rescues[fetch.xorb] = others + [flight]
            return (flight, true)
        }
    }

    /// Takes a flight off: what it brought is kept, or is lost.
    func remove(_ flight: Flight) {
        let done = state.withLock { state in
            state.endedCount += 1
            Self.remove(flight, from: &state.flights)
            Self.remove(flight, from: &state.rescues)
            for ticket in state.waiting.keys { state.waiting[ticket]?.flights.remove(ObjectIdentifier(flight)) }
            let done = state.waiting.filter { $0.value.flights.isEmpty }
            for ticket in done.keys { state.waiting[ticket] = nil }
            return done.values.map(\.continuation)
        }
        for continuation in done { continuation.resume() }
    }

    private static func remove(_ flight: Flight, from flights: inout [XorbHash: [Flight]]) {
        guard let all = flights[flight.fetch.xorb] else { return }
        let others = all.filter { $0 !== flight }
        flights[flight.fetch.xorb] = others.isEmpty ? nil : others
    }

    /// Returns when the flights have ended that bring chunks of some xorbs now.
    func wait(for xorbs: Set<XorbHash>) async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isDone = state.withLock { state in
                    let known = state
                    let flights = Set(
                        xorbs.flatMap { (known.flights[$0] ?? []) + (known.rescues[$0] ?? []) }
                            .map { ObjectIdentifier($0) }
                    )
                    guard !flights.isEmpty, !Task.isCancelled else { return true }
                    state.waiting[ticket] = (flights, continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.continuation.resume(
                throwing: CancellationError()
            )
        }
        try Task.checkCancellation()
    }
}

extension Flight {
    /// Whether a chunk comes with it, or has.
    fileprivate func brings(_ chunk: Int) -> Bool {
        chunks.start <= chunk && chunk < chunks.end && !hasFailed
    }
}
