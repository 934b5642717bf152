/// One option in a configuration file.
public struct FileEntry: Hashable, Sendable {
    /// The name, as it stands there.
    public let name: String
    /// What it is set to.
    public let value: FileValue
    /// The line of the name, from 1.
    public let line: Int
}
