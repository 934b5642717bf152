/// What an option can be in a configuration file.
public enum FileValue: Hashable, Sendable {
    /// Text in quotes.
    case string(String)
    /// A whole number.
    case integer(Int)
    /// `true` or `false`.
    case boolean(Bool)
    /// A list of strings.
    case strings([FileText])
}
