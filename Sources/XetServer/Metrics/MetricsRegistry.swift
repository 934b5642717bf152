public import CoreMetrics
import Synchronization

/// Keeps the metrics of a process and writes them as Prometheus reads them.
///
/// A name has one kind: what asks for another gets a metric that nobody sees. A name has at most
/// ``mostSeriesCount`` sets of label values; all that come later are counted as one, labelled `other`.
public final class MetricsRegistry: MetricsFactory {
    /// Most sets of label values of one name.
    static let mostSeriesCount = 256

    private struct State {
        var families: [String: MetricFamily] = [:]
        var observations: [MetricObservation] = []
    }

    private let state = Mutex(State())
    private let help: [String: String]

    /// An empty registry; `help` has a line on each metric that it will have.
    public init(help: [String: String] = [:]) {
        self.help = help
    }

    /// Adds a metric that is read whenever somebody asks for all.
    package func observe(
        _ name: String,
        _ kind: MetricFamily.Kind,
        labels: [(String, String)] = [],
        _ read: @escaping @Sendable () -> Double?
    ) {
        let observation = MetricObservation(name: name, kind: kind, labels: MetricLabels(labels), read: read)
        state.withLock { $0.observations.append(observation) }
    }

    /// All metrics, in text format 0.0.4.
    package var text: String {
        let (families, observations) = state.withLock { ($0.families, $0.observations) }
        var text = PrometheusText()
        var samples: [String: (kind: MetricFamily.Kind, lines: [PrometheusText.Sample])] = [:]
        for (name, family) in families {
            let series = family.series.sorted { $0.key.text < $1.key.text }
            samples[name] = (family.kind, series.flatMap { $0.value.samples($0.key) })
        }
        // Read without the lock: what they ask for has locks of its own.
        for observation in observations {
            guard let value = observation.read() else { continue }
            let sample = PrometheusText.Sample(labels: observation.labels, value: value)
            samples[observation.name, default: (observation.kind, [])].lines.append(sample)
        }
        for (name, metric) in samples.sorted(by: { $0.key < $1.key }) where !metric.lines.isEmpty {
            text.append(name, metric.kind, help: help[name], metric.lines)
        }
        return text.text
    }

    private func series<Series: MetricSeries>(
        _ name: String,
        _ kind: MetricFamily.Kind,
        _ labels: [(String, String)],
        _ new: Series
    ) -> Series {
        let labels = MetricLabels(labels)
        return state.withLock { state in
            var family = state.families[name] ?? MetricFamily(kind: kind)
            let isFull = family.series[labels] == nil && family.series.count >= Self.mostSeriesCount
            let key = isFull ? labels.merged : labels
            if let known = family.series[key] { return known as? Series ?? new }
            guard family.kind == kind else { return new }
            family.series[key] = new
            state.families[name] = family
            return new
        }
    }
}

extension MetricsRegistry {
    /// A count.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, .counter, dimensions, CounterSeries())
    }

    /// A sum.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, .counter, dimensions, SumSeries())
    }

    /// A value that goes up and down.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, .gauge, dimensions, GaugeSeries())
    }

    /// A histogram, or a value that goes up and down if `aggregate` is false.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, .gauge, dimensions, GaugeSeries()) }
        return series(label, .histogram, dimensions, HistogramSeries())
    }

    /// A histogram of seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, .histogram, dimensions, HistogramSeries())
    }

    // Metrics live as long as the process: one that came and went would look like a restart.

    /// Does nothing.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Does nothing.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// Does nothing.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Does nothing.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Does nothing.
    public func destroyTimer(_ handler: any TimerHandler) {}
}
