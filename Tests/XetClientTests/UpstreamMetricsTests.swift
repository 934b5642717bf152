import HTTPTypes
import MetricsTestKit
import Testing
import XetAccess
import XetClientTestSupport
import XetWire

@testable import XetClient

@Suite(.timeLimit(.minutes(5))) struct UpstreamMetricsTests {
    private func withMetrics(_ body: (UpstreamHTTP, TestMetrics) async throws -> Void) async throws {
        let metrics = TestMetrics()
        var configuration = UpstreamHTTP.Configuration()
        configuration.metricsFactory = metrics
        let http = UpstreamHTTP(configuration)
        do {
            try await body(http, metrics)
            try await http.shutdown()
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    @Test func `answers are timed by service and status, and another host is no Hub`() async throws {
        try await ScriptedServer.run { _ in
            ScriptedAnswer(200, [], [1, 2, 3])
        } _: { data in
            let elsewhere = data.origin
            try await ScriptedServer.run { _ in
                ScriptedAnswer(302, [("Location", elsewhere + "/data")])
            } _: { hub in
                try await withMetrics { http, metrics in
                    let address = try #require(HTTPAddress(hub.origin + "/x"))
                    let request = UpstreamRequest(.get, address, of: .hub)
                    let answer = try await http.exchange(request, followsRedirects: true)
                    _ = try await answer.withBody(upTo: 10, gate: TaskGate(width: 1)) { $0 }
                    let labels = [("service", "hub"), ("status", "302")]
                    #expect(try metrics.expectTimer("xet_upstream_head_seconds", labels).values.count == 1)
                    let others = [("service", "cdn"), ("status", "200")]
                    #expect(try metrics.expectTimer("xet_upstream_head_seconds", others).values.count == 1)
                    let received = "xet_upstream_received_bytes_total"
                    #expect(try metrics.expectCounter(received, [("service", "cdn")]).totalValue == 3)
                    #expect(try metrics.expectCounter(received, [("service", "hub")]).totalValue == 0)
                }
            }
        }
    }

    @Test func `no answer is one too`() async throws {
        let address = try #require(HTTPAddress("http://127.0.0.1:1/"))
        try await withMetrics { http, metrics in
            await #expect(throws: XetError.self) { try await http.exchange(UpstreamRequest(.get, address, of: .cas)) }
            let labels = [("service", "cas"), ("status", "none")]
            let values = try metrics.expectTimer("xet_upstream_head_seconds", labels).values
            #expect(values.count == 1)
        }
    }
}
