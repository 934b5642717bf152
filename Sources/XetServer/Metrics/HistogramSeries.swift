import CoreMetrics
import Synchronization

/// A histogram with fixed buckets, made for seconds.
final class HistogramSeries: RecorderHandler, TimerHandler, MetricSeries {
    /// Upper ends of the buckets: from an answer on loopback to a download of hours.
    static let bounds: [Double] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800]

    private struct State {
        /// Values per bucket, those beyond the last bound at the end.
        var counts = [UInt64](repeating: 0, count: HistogramSeries.bounds.count + 1)
        var sum = 0.0
    }

    private let state = Mutex(State())

    func record(_ value: Int64) { record(Double(value)) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

    func record(_ value: Double) {
        let bucket = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func samples(_ labels: MetricLabels) -> [PrometheusText.Sample] {
        let state = state.withLock { $0 }
        var samples: [PrometheusText.Sample] = []
        var count: UInt64 = 0
        for (bound, added) in zip(Self.bounds + [.infinity], state.counts) {
            count += added
            samples.append(
                PrometheusText.Sample(
                    suffix: "_bucket",
                    labels: labels.adding("le", PrometheusText.number(bound)),
                    value: Double(count)
                )
            )
        }
        samples.append(PrometheusText.Sample(suffix: "_sum", labels: labels.text, value: state.sum))
        samples.append(PrometheusText.Sample(suffix: "_count", labels: labels.text, value: Double(count)))
        return samples
    }
}
