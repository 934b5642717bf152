import XetConfiguration

/// Settings of each kind.
enum ToySettings {
    static let host = Setting.text("host", "A host.", valueName: "name", preset: "here", expectation: "a word") {
        $0.contains(" ") || $0.isEmpty ? nil : $0
    }
    .alsoFrom("HOST")
    static let port = Setting.number("port", "A port.", valueName: "port", preset: 80, in: 0...99)
    static let url = Setting.optional("some-url", "A URL.", valueName: "url", expectation: "short") {
        $0.utf8.count < 20 ? $0 : nil
    }
    .without("none at all")
    static let secret = Setting.optional("the-secret", "A secret.", valueName: "text", expectation: "long") {
        $0.utf8.count > 4 ? $0 : nil
    }
    .secret()
    static let names = Setting.list("names", "Names.", valueName: "name", expectation: "words in lower case") {
        $0.isEmpty || $0 != $0.lowercased() ? nil : $0
    }
    .reloadable()
    static let isOn = Setting.boolean("turned-on", "Whether.")
    static let hidden = Setting.boolean("no-view", "Whether not.")
    static let size = Setting.byteCount("max-size", "A size.", preset: "4KiB", atLeast: 1024)
    static let memory = Setting.byteCount("memory", "A size.", preset: "4", unit: .mebibyte, atLeast: 1024)
    static let patience = Setting.duration("patience", "A time.", preset: "2s", atLeast: .milliseconds(10))
    static let level = Setting.choice(
        "level",
        "A level.",
        valueName: "level",
        preset: "low",
        of: [("low", 1), ("high", 2)]
    )

    static let registry = SettingRegistry([
        host.declaration, port.declaration, url.declaration, secret.declaration, names.declaration, isOn.declaration,
        hidden.declaration, size.declaration, memory.declaration, patience.declaration, level.declaration,
    ])

    /// What the settings are after a file, the environment and flags.
    static func resolve(
        toml: String? = nil,
        environment: [String: String] = [:],
        flags: [String: [String]] = [:]
    ) throws(SettingProblems) -> ResolvedSettings {
        var file: ConfigurationFile?
        if let toml { file = try ConfigurationFile(path: "xet.toml", bytes: Array(toml.utf8)) }
        return try registry.resolve(SettingSources(flags: flags, environment: environment, file: file))
    }

    /// The lines that tell what is wrong with a file, the environment or flags.
    static func problems(
        toml: String? = nil,
        environment: [String: String] = [:],
        flags: [String: [String]] = [:]
    ) -> [String] {
        do throws(SettingProblems) {
            _ = try resolve(toml: toml, environment: environment, flags: flags)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }
}
