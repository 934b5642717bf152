import CoreMetrics
import Synchronization

/// A sum that only grows, such as of seconds.
final class SumSeries: FloatingPointCounterHandler, MetricSeries {
    private let sum = Mutex(0.0)

    func increment(by amount: Double) {
        guard amount > 0 else { return }
        sum.withLock { $0 += amount }
    }
    func reset() { sum.withLock { $0 = 0 } }

    func samples(_ labels: MetricLabels) -> [PrometheusText.Sample] {
        [PrometheusText.Sample(labels: labels, value: sum.withLock { $0 })]
    }
}
