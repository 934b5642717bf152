/// What is known of a setting but for the type of its value.
public struct SettingDeclaration: Sendable {
    /// The one name: in a file as it is, on the command line after `--`, in the environment as ``variable``.
    public let name: String
    /// What it does, in one line.
    public let summary: String
    /// What stands for the value in help texts.
    public let valueName: String
    /// What it can be in a file.
    public let shape: SettingShape
    /// What is accepted, to complete "it is to be ...".
    public let expectation: String
    /// The value if nobody says anything, as text; empty if there is none then.
    public let preset: [String]
    /// What holds without a value, if that needs to be told.
    public internal(set) var presetNote: String?
    /// A name from the environment that others use for the same, after ``variable``.
    public internal(set) var conventionalVariable: String?
    /// Whether the value is shown to nobody.
    public internal(set) var isSecret = false
    /// Whether the value may change while the program runs.
    public internal(set) var isReloadable = false
    /// Whether there is a flag for it; a secret on the command line could be seen by others.
    public internal(set) var hasFlag = true
    /// The values that there are, if they are few.
    public internal(set) var choices: [String] = []

    /// The first of some texts that cannot be used.
    let firstUnusable: @Sendable ([String]) -> Int?

    /// The name in the environment: `XET_PORT` for `port`.
    public var variable: String { Self.variable(for: name) }

    /// The names in the environment, the one that counts more in front.
    public var variables: [String] { [variable] + [conventionalVariable].compactMap { $0 } }

    /// The name of what turns the flag of a boolean around: `no-port`, and `ui` for `no-ui`.
    public var inverseName: String { isInverted ? String(name.dropFirst(3)) : "no-" + name }

    /// Whether the name of a boolean says what is not.
    public var isInverted: Bool { name.hasPrefix("no-") }

    /// One line for help texts, with names in the environment and the default.
    public var help: String {
        let value = preset.isEmpty ? presetNote : preset.joined(separator: ", ")
        let names = "env \(variables.joined(separator: " or "))"
        return "\(summary) (\(([names] + (value.map { ["default: \($0)"] } ?? [])).joined(separator: ", ")))"
    }

    static func variable(for name: String) -> String {
        "XET_" + name.uppercased().map { $0 == "-" ? "_" : "\($0)" }.joined()
    }
}
