/// Metrics as text.
///
/// Source: Prometheus, "Exposition formats", text-based format 0.0.4.
struct PrometheusText: Sendable {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A line: what is appended to the metric's name, the labels, the value.
    struct Sample: Sendable {
        var suffix = ""
        /// As in ``MetricLabels/text``.
        let labels: String
        let value: Double

        init(suffix: String = "", labels: String, value: Double) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }

        init(labels: MetricLabels, value: Double) {
            self.init(labels: labels.text, value: value)
        }
    }

    private(set) var text = ""

    /// Appends all lines of a name.
    mutating func append(_ name: String, _ kind: MetricFamily.Kind, help: String?, _ samples: [Sample]) {
        if let help { text += "# HELP \(name) \(help)\n" }
        text += "# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            let labels = sample.labels.isEmpty ? "" : "{\(sample.labels)}"
            text += "\(name)\(sample.suffix)\(labels) \(Self.number(sample.value))\n"
        }
    }

    /// A number; whole ones without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
