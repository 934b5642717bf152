/// The labels of a metric, as they are written.
struct MetricLabels: Hashable, Sendable {
    /// `name="value"`, with commas between them; empty if there are none.
    let text: String
    private let names: [String]

    init(_ labels: [(String, String)]) {
        let labels = labels.sorted { $0.0 < $1.0 }
        names = labels.map { $0.0 }
        text = labels.map { "\($0.0)=\"\(Self.escape($0.1))\"" }.joined(separator: ",")
    }

    /// The labels with `other` for every value.
    var merged: MetricLabels { MetricLabels(names.map { ($0, "other") }) }

    /// These labels and another one.
    func adding(_ name: String, _ value: String) -> String {
        let last = "\(name)=\"\(Self.escape(value))\""
        return text.isEmpty ? last : "\(text),\(last)"
    }

    /// Escapes a label value.
    static func escape(_ value: String) -> String {
        var escaped = ""
        // By scalar: a combining mark would hide the sign before it.
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
