import CoreMetrics
import Synchronization

/// A count.
final class CounterSeries: CounterHandler, MetricSeries {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { count.store(0, ordering: .relaxed) }

    func samples(_ labels: MetricLabels) -> [PrometheusText.Sample] {
        [PrometheusText.Sample(labels: labels, value: Double(count.load(ordering: .relaxed)))]
    }
}
