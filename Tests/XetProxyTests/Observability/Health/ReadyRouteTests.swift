import HTTPTypes
import Hummingbird
import Testing
import XetServerTestSupport

@testable import XetProxy

@Suite struct ReadyRouteTests {
    @Test(arguments: [
        (false, true, 200, #"{"status":"ready"}"#),
        (false, false, 503, #"{"status":"not ready","reason":"the Hub does not answer"}"#),
        (true, true, 503, #"{"status":"not ready","reason":"draining"}"#),
    ])
    func `answers`(isDraining: Bool, isUp: Bool, status: Int, body: String) async throws {
        let route = ReadyRoute(hub: HubProbe { isUp }, isDraining: { isDraining })
        let response = try await route.respond()
        #expect(response.status.code == status)
        #expect(try await response.text() == body)
    }
}
