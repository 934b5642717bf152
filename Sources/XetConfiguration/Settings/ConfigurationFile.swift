/// A configuration file that was read.
public struct ConfigurationFile: Sendable {
    /// Its path, for messages.
    public let path: String
    /// Its options.
    public let entries: [FileEntry]

    /// Reads the options in `bytes`; the end of the path says in which format.
    public init(path: String, bytes: [UInt8]) throws(SettingProblems) {
        guard let format = FileFormat(path: path) else {
            let message =
                "the name of a configuration file ends in .toml or .json, not '\(Shown.text(path))'"
            throw SettingProblems([SettingProblem(.preset, message)])
        }
        self.path = path
        do {
            entries = try format.entries(of: bytes)
        } catch {
            throw SettingProblems([SettingProblem(.file(path: path, line: error.line), error.message)])
        }
    }
}
