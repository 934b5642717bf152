/// Why a configuration file cannot be read.
public struct FileError: Error, Hashable, Sendable {
    /// The line, from 1.
    public let line: Int
    /// What is wrong; never what a value is, which may be a secret.
    public let message: String

    init(line: Int, _ message: String) {
        self.line = line
        self.message = message
    }
}
