/// How a line of the log is written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `key=value` pairs, for people and for tools.
    case logfmt
    /// One JSON object a line.
    case json
}
