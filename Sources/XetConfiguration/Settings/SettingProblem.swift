/// Something in the configuration that cannot be used.
public struct SettingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where it stands.
    public let origin: SettingOrigin
    /// What is wrong, what was expected.
    public let message: String

    /// A problem with what stands at `origin`.
    public init(_ origin: SettingOrigin, _ message: String) {
        self.origin = origin
        self.message = message
    }

    /// One line, such as `xet.toml:3: no option is called 'prot'; did you mean 'port'?`.
    public var description: String {
        origin == .preset ? message : "\(origin): \(message)"
    }
}

/// Everything in the configuration that cannot be used, so that all of it can be mended at once.
public struct SettingProblems: Error, Hashable, Sendable {
    /// At least one, in the order in which they were found.
    public let problems: [SettingProblem]

    /// The problems; at least one.
    public init(_ problems: [SettingProblem]) {
        self.problems = problems
    }
}
