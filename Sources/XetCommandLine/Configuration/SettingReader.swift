import ArgumentParser
import XetConfiguration

/// Finds what the settings are, as often as it is asked: flags stay, the file is read again.
struct SettingReader: Sendable {
    /// More is no configuration but some other file.
    private static let maximumByteCount = 1 << 20

    /// What flags were given, by the names of the settings.
    let flags: [String: [String]]
    /// The path of the file, if there is one.
    let path: String?
    let environment: [String: String]

    /// `file` counts more than `XET_CONFIG`.
    init(flags: [String: [String]], file: String?, environment: [String: String] = Environment.all) {
        self.flags = flags
        self.environment = environment
        path = file ?? environment["XET_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Reads everything.
    func read() throws(SettingProblems) -> ResolvedSettings {
        let file: ConfigurationFile?
        if let path {
            let bytes: [UInt8]
            do {
                bytes = try OperatorFile.read(path, upTo: Self.maximumByteCount)
            } catch {
                throw SettingProblems([SettingProblem(.preset, "the configuration file \(error.message)")])
            }
            file = try ConfigurationFile(path: path, bytes: bytes)
        } else {
            file = nil
        }
        return try ProxySettings.registry.resolve(
            SettingSources(flags: flags, environment: environment, file: file)
        )
    }

    /// Tells of variables that look like settings but are none.
    func warn() {
        for (variable, suggestion) in ProxySettings.registry.misspelt(in: environment) {
            CommandFailure.print("warning: \(variable) is no option; did you mean \(suggestion)?")
        }
    }

    /// Runs `body`; what is wrong with the settings becomes lines on standard error, and the exit status of wrong usage.
    static func reporting<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as SettingProblems {
            for problem in error.problems { CommandFailure.print("\(problem)") }
            throw ExitCode.validationFailure
        }
    }
}
