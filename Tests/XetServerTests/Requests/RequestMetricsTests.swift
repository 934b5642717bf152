import Testing

@testable import XetServer

@Suite struct RequestMetricsTests {
    @Test(
        arguments: [
            (200, "200"), (206, "206"), (299, "2xx"), (418, "418"), (451, "451"), (499, "499"), (498, "4xx"),
            (599, "5xx"), (600, "other"), (99, "other"), (0, "other"), (-1, "other"),
        ]
    )
    func `statuses as labels`(status: Int, label: String) {
        #expect(RequestMetrics.label(status) == label)
    }

    @Test func `no upstream makes up many`() {
        #expect(Set((-1000..<2000).map(RequestMetrics.label)).count < 80)
    }
}
