/// A string of a configuration file, and the line it stands in.
public struct FileText: Hashable, Sendable {
    /// The string, its escapes resolved.
    public let text: String
    /// The line, from 1.
    public let line: Int
}
