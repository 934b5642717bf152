import Testing

@testable import XetProxy

@Suite struct EventSeatsTests {
    @Test func `seats are limited, and free again once they are left`() {
        let seats = EventSeats(count: 2)
        var first = seats.take()
        let second = seats.take()
        #expect(first != nil && second != nil)
        #expect(seats.take() == nil)
        first = nil
        first = seats.take()
        #expect(first != nil)
        withExtendedLifetime((first, second)) {
            #expect(seats.take() == nil)
        }
    }
}
