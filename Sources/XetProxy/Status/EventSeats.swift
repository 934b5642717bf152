import Synchronization

/// Bounds how many listen to the events at the same time.
final class EventSeats: Sendable {
    private let count: Int
    private let taken = Mutex(0)

    init(count: Int) {
        self.count = count
    }

    /// A seat, which is free again when the object goes; `nil` if all are taken.
    func take() -> EventSeat? {
        let isFree = taken.withLock { taken in
            guard taken < count else { return false }
            taken += 1
            return true
        }
        return isFree ? EventSeat(seats: self) : nil
    }

    fileprivate func release() {
        taken.withLock { $0 -= 1 }
    }
}

/// The right to listen; kept by the body of the answer, so that it also goes with a body that is never written.
final class EventSeat: Sendable {
    private let seats: EventSeats

    fileprivate init(seats: EventSeats) {
        self.seats = seats
    }

    deinit { seats.release() }
}
