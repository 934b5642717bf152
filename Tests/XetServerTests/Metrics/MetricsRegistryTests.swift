import CoreMetrics
import Testing

@testable import XetServer

@Suite struct MetricsRegistryTests {
    private let registry = MetricsRegistry(help: ["process_open_fds": "Open file descriptors."])

    private func lines() -> [String] {
        registry.text.split(separator: "\n").map(String.init)
    }

    @Test func `counters of the same labels are one`() {
        Counter(label: "a_total", dimensions: [("b", "1"), ("a", "2")], factory: registry).increment(by: 3)
        Counter(label: "a_total", dimensions: [("a", "2"), ("b", "1")], factory: registry).increment()
        Counter(label: "a_total", dimensions: [("a", "x")], factory: registry).increment(by: 7)
        #expect(lines() == ["# TYPE a_total counter", #"a_total{a="2",b="1"} 4"#, #"a_total{a="x"} 7"#])
    }

    @Test func `sums, values and what is read on demand`() {
        FloatingPointCounter(label: "s_total", factory: registry).increment(by: 0.25)
        FloatingPointCounter(label: "s_total", factory: registry).increment(by: -5)
        let meter = Meter(label: "m", factory: registry)
        meter.increment(by: 3)
        meter.decrement(by: 1)
        registry.observe("process_open_fds", .gauge) { 9 }
        registry.observe("none", .gauge) { nil }
        #expect(
            lines() == [
                "# TYPE m gauge", "m 2",
                "# HELP process_open_fds Open file descriptors.", "# TYPE process_open_fds gauge", "process_open_fds 9",
                "# TYPE s_total counter", "s_total 0.25",
            ]
        )
    }

    @Test func `a name keeps its kind`() {
        Counter(label: "a", factory: registry).increment()
        Meter(label: "a", factory: registry).set(5)
        Timer(label: "a", factory: registry).recordNanoseconds(5)
        FloatingPointCounter(label: "a", factory: registry).increment(by: 5)
        #expect(lines() == ["# TYPE a counter", "a 1"])
    }

    @Test func `too many labels are counted as one`() {
        for number in 0..<(MetricsRegistry.mostSeriesCount + 50) {
            Counter(label: "a", dimensions: [("n", "\(number)"), ("k", "v")], factory: registry).increment()
        }
        #expect(lines().count == 1 + MetricsRegistry.mostSeriesCount + 1)
        #expect(lines().contains(#"a{k="other",n="other"} 50"#))
        // Those that were there before are still counted apart.
        Counter(label: "a", dimensions: [("k", "v"), ("n", "7")], factory: registry).increment()
        #expect(lines().contains(#"a{k="v",n="7"} 2"#))
    }
}
