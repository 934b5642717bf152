import Testing
import XetAccess
import XetTestSupport
import XetWire

@testable import XetProxy

@Suite struct DownloadLimiterTests {
    private let alice = client("192.0.2.1", "hf_alice")
    private let bob = client("192.0.2.2", "hf_bob")

    /// `token` is one that the Hub will be asked about.
    private static func client(_ address: String, _ token: String? = nil, isAsked: Bool = true) -> DownloadClient {
        guard let address = IPAddress(address) else { preconditionFailure("\(address) is an address") }
        let caller = token.flatMap { HubToken($0) }.map { CallerMark($0) }
        return DownloadClient(address: .network(address), caller: caller, isAsked: isAsked)
    }

    private func accepted(_ client: DownloadClient, _ limiter: DownloadLimiter) throws -> DownloadPlace {
        let place = try limiter.admit(client)
        try place.accept()
        return place
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
        let place = try accepted(alice, limiter)
        #expect(throws: DownloadLimiter.Refusal.downloadsPerClient) { try limiter.admit(alice) }
        let other = try limiter.admit(bob)
        place.giveBack()
        let next = try limiter.admit(alice)
        #expect(limiter.count == 2)
        withExtendedLifetime((other, next)) {}
    }

    @Test func `a place that is forgotten is given back, once`() throws {
        let limiter = DownloadLimiter(most: 1, mostPerClient: 1)
        for isAccepted in [false, true] {
            let place = try limiter.admit(alice)
            if isAccepted { try place.accept() }
            place.giveBack()
            place.giveBack()
            #expect(throws: Never.self) { try place.accept() }
            #expect(limiter.count == 0)
        }
        do { _ = try limiter.admit(alice) }
        #expect(limiter.count == 0)
        _ = try limiter.admit(alice)
    }

    @Test func `no limit admits all`() throws {
        let limiter = DownloadLimiter(most: 0, mostPerClient: 0)
        let places = try (0..<5000).map { _ in try limiter.admit(alice) }
        #expect(limiter.count == places.count)
    }

    // MARK: What was checked

    @Test func `tokens that nobody has accepted are those of one client`() throws {
        let limiter = DownloadLimiter(most: 0, mostPerClient: 2)
        let places = [
            try limiter.admit(Self.client("192.0.2.1", "hf_1")), try limiter.admit(Self.client("192.0.2.1", "hf_2")),
        ]
        for token in ["hf_3", "hf_1", nil] {
            #expect(throws: DownloadLimiter.Refusal.downloadsPerClient) {
                try limiter.admit(Self.client("192.0.2.1", token))
            }
        }
        _ = try limiter.admit(Self.client("192.0.2.9", "hf_3"))
        withExtendedLifetime(places) {}
    }

    @Test func `an accepted token counts for its owner, wherever it comes from`() throws {
        let limiter = DownloadLimiter(most: 0, mostPerClient: 1)
        let place = try accepted(alice, limiter)
        // Its address has room again.
        _ = try limiter.admit(Self.client("192.0.2.1", "hf_other"))
        #expect(throws: DownloadLimiter.Refusal.downloadsPerClient) {
            try limiter.admit(Self.client("192.0.2.7", "hf_alice"))
        }
        withExtendedLifetime(place) {}
    }

    @Test func `a token that is accepted late may have too many`() throws {
        let limiter = DownloadLimiter(most: 0, mostPerClient: 1)
        let first = try limiter.admit(alice)
        let second = try limiter.admit(Self.client("192.0.2.7", "hf_alice"))
        try first.accept()
        #expect(throws: DownloadLimiter.Refusal.downloadsPerClient) { try second.accept() }
        second.giveBack()
        #expect(limiter.count == 1)
        first.giveBack()
        _ = try limiter.admit(alice)
    }

    @Test func `where nobody checks a token the address counts`() throws {
        let limiter = DownloadLimiter(most: 0, mostPerClient: 1)
        let place = try accepted(Self.client("192.0.2.1", isAsked: false), limiter)
        #expect(throws: DownloadLimiter.Refusal.downloadsPerClient) {
            try limiter.admit(Self.client("192.0.2.1", isAsked: false))
        }
        withExtendedLifetime(place) {}
    }

    @Test func `one address does not fill all places before the Hub has answered`() throws {
        let limiter = DownloadLimiter(most: 40, mostPerClient: 0)
        var places = try (0..<10).map { try limiter.admit(Self.client("192.0.2.1", "hf_\($0)")) }
        for token in ["hf_10", nil] {
            #expect(throws: DownloadLimiter.Refusal.unaccepted) { try limiter.admit(Self.client("192.0.2.1", token)) }
        }
        // Others, and what the Hub is not asked about, go on; and so does whoever was accepted before.
        let others = [try accepted(bob, limiter), try limiter.admit(Self.client("192.0.2.1", isAsked: false))]
        let known = try limiter.admit(Self.client("192.0.2.1", "hf_bob"))
        try places[0].accept()
        places.append(try limiter.admit(Self.client("192.0.2.1", "hf_11")))
        places.removeAll()
        #expect(limiter.count == 3)
        withExtendedLifetime((others, known)) {}
    }

    @Test func `few tokens are remembered, the newest`() throws {
        let limiter = DownloadLimiter(most: 0, mostPerClient: 1)
        for number in 0...DownloadLimiter.maximumAcceptedCount {
            try accepted(Self.client("192.0.2.1", "hf_\(number)"), limiter).giveBack()
        }
        let place = try limiter.admit(Self.client("192.0.2.1", "hf_unknown"))
        #expect(throws: DownloadLimiter.Refusal.downloadsPerClient) {
            try limiter.admit(Self.client("192.0.2.1", "hf_0"))
        }
        _ = try limiter.admit(Self.client("192.0.2.1", "hf_1"))
        _ = try limiter.admit(Self.client("192.0.2.1", "hf_\(DownloadLimiter.maximumAcceptedCount)"))
        withExtendedLifetime(place) {}
    }
}
