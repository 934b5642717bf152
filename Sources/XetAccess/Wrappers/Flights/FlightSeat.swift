/// A reader's place in a flight, left when it goes.
final class FlightSeat: Sendable {
    let flight: Flight
    /// Whether the flight was begun for this reader.
    let isFirst: Bool

    /// Takes over a place in a flight that was joined.
    init(_ flight: Flight, isFirst: Bool) {
        self.flight = flight
        self.isFirst = isFirst
    }

    deinit { flight.leave() }
}
