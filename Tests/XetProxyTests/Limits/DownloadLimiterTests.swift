import Testing
import XetAccess
import XetTestSupport
import XetWire

@testable import XetProxy

@Suite struct DownloadLimiterTests {
    private let alice = ClientKey.network(address("192.0.2.1"))
    private let bob = ClientKey.network(address("192.0.2.2"))

    private static func address(_ text: String) -> IPAddress {
        guard let address = IPAddress(text) else { preconditionFailure("\(text) is an address") }
        return address
    }

    @Test func `as many as there may be are admitted`() throws {
        let limiter = DownloadLimiter(most: 2, mostPerClient: 0)
        let places = [try limiter.admit(alice), try limiter.admit(alice)]
        #expect(throws: DownloadLimiter.Refusal.downloads) { try limiter.admit(bob) }
        places[0].giveBack()
        _ = try limiter.admit(bob)
    }

    @Test func `one client does not take the places of all`() throws {
        let limiter = DownloadLimiter(most: 10, mostPerClient: 1)
        let place = try limiter.admit(alice)
        #expect(throws: DownloadLimiter.Refusal.downloadsPerClient) { try limiter.admit(alice) }
        let other = try limiter.admit(bob)
        place.giveBack()
        let next = try limiter.admit(alice)
        #expect(limiter.count == 2)
        withExtendedLifetime((other, next)) {}
    }

    @Test func `a place that is forgotten is given back, once`() throws {
        let limiter = DownloadLimiter(most: 1, mostPerClient: 1)
        do {
            let place = try limiter.admit(alice)
            place.giveBack()
            place.giveBack()
        }
        #expect(limiter.count == 0)
        do { _ = try limiter.admit(alice) }
        #expect(limiter.count == 0)
        _ = try limiter.admit(alice)
    }

    @Test func `no limit admits all`() throws {
        let limiter = DownloadLimiter(most: 0, mostPerClient: 0)
        let places = try (0..<5000).map { _ in try limiter.admit(alice) }
        #expect(limiter.count == places.count)
    }
}
