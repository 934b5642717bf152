import Testing
import XetServer

@testable import XetProxy

@Suite struct MetricHelpTests {
    @Test func `every metric of the proxy has its line of help`() {
        let registry = MetricsRegistry()
        let metrics = RequestMetrics(registry)
        _ = TransferWatch(TransferBook(), SavingsBook(now: { 0 }), ReloadableSettings(), metrics: registry)
        metrics.noteBegin()
        metrics.noteEnd(.other, status: 200, duration: .seconds(1), firstByte: .seconds(1))
        metrics.noteRejection("downloads")
        metrics.noteSlowClient()
        ProcessMetrics.register(in: registry, version: "1", start: 5)
        let named = registry.text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.compactMap {
            $0.split(separator: " ").dropFirst(2).first
        }
        #expect(named.count >= 12)
        for name in named { #expect(MetricHelp.text[String(name)] != nil, "\(name)") }
    }
}
