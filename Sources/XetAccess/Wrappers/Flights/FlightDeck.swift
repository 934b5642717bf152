import Synchronization
import XetCore

/// Runs flights: GETs that belong to all their readers, and so to none of them.
final class FlightDeck: Sendable {
    private struct State {
        var isOpen = false
        var queue: AsyncStream<Flight>.Continuation?
    }

    let board: FlightBoard
    private let state = Mutex(State())

    init(onKept: @escaping @Sendable (XorbHash, ChunkRange) -> Void) {
        board = FlightBoard(onKept: onKept)
    }

    /// Whether flights are run.
    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Runs flights until it is cancelled; those that are under way then end, and their readers are told.
    func run(_ upstream: some XorbSource, _ store: some ChunkStore) async {
        let (flights, queue) = AsyncStream.makeStream(of: Flight.self)
        state.withLock { $0 = State(isOpen: true, queue: queue) }
        await withDiscardingTaskGroup { group in
            for await flight in flights {
                group.addTask { [board] in
                    await flight.run(upstream, store)
                    board.remove(flight)
                }
            }
            group.cancelAll()
        }
        state.withLock { $0 = State() }
        // One may have been handed in while nobody looked any more.
        for flight in board.flights {
            flight.end(.failure(FlightError.closed))
            board.remove(flight)
        }
    }

    /// Has a flight run.
    func start(_ flight: Flight) {
        let queue = state.withLock { $0.queue }
        guard let queue, case .enqueued = queue.yield(flight) else {
            flight.end(.failure(FlightError.closed))
            return board.remove(flight)
        }
    }
}
