/// The metrics of one name.
package struct MetricFamily: Sendable {
    /// What a name stands for.
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    let kind: Kind
    var series: [MetricLabels: any MetricSeries] = [:]
}

/// One set of label values.
protocol MetricSeries: AnyObject, Sendable {
    /// Its lines.
    func samples(_ labels: MetricLabels) -> [PrometheusText.Sample]
}

/// A metric that is read when somebody asks.
struct MetricObservation: Sendable {
    let name: String
    let kind: MetricFamily.Kind
    let labels: MetricLabels
    /// `nil` if the system does not tell.
    let read: @Sendable () -> Double?
}
