/// A certificate or key that a server cannot use.
public struct TLSFilesError: Error, Equatable, CustomStringConvertible {
    /// The path of the file.
    public let file: String
    /// What is wrong with it.
    public let problem: String

    public var description: String { "'\(file)' \(problem)" }
}
