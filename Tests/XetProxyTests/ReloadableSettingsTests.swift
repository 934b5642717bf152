import Logging
import Testing
import XetWire

@testable import XetProxy

@Suite struct ReloadableSettingsTests {
    @Test func `whoever holds them sees the new values`() throws {
        let configuration = ProxyConfiguration()
        let copy = configuration
        #expect(copy.settings.logLevel == .notice)
        #expect(copy.settings.values.allow.isEmpty)
        var values = ReloadableSettings.Values()
        values.logLevel = .trace
        values.allow = [try #require(RepositoryPattern("acme/*"))]
        values.trustedPeers = [try #require(AddressRange("10.0.0.0/8"))]
        configuration.settings.replace(with: values)
        #expect(copy.settings.logLevel == .trace)
        #expect(copy.settings.values.allow == values.allow)
        #expect(copy.settings.values.deny.isEmpty)
        #expect(copy.settings.values.trustedPeers == values.trustedPeers)
    }
}
