/// Where settings come from; a flag counts more than the environment, that more than the file.
public struct SettingSources: Sendable {
    /// What flags were given, by the names of the settings.
    public var flags: [String: [String]]
    /// Variables of the environment; one that is empty counts as not set.
    public var environment: [String: String]
    /// The file, if there is one.
    public var file: ConfigurationFile?

    /// All of them.
    public init(flags: [String: [String]], environment: [String: String], file: ConfigurationFile?) {
        self.flags = flags
        self.environment = environment
        self.file = file
    }
}
