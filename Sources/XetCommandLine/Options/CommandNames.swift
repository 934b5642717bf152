import ArgumentParser
import XetConfiguration

/// The names of the commands, as a person types them.
enum CommandNames {
    typealias Command = any ParsableCommand.Type

    /// What is wrong with the arguments, if they name a command that there is not, and the command that has no such.
    ///
    /// The parser would take it, and all that follows, for arguments of the command before it.
    static func problem(in arguments: [String]) -> (message: String, within: Command)? {
        // `xet help cache status` names commands too.
        var rest = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
        var command: Command = XetCommand.self
        while let name = rest.popFirst(), !name.hasPrefix("-") {
            let commands = command.configuration.subcommands
            if commands.isEmpty { return nil }
            if let next = commands.first(where: { $0.configuration.commandName == name }) {
                command = next
                continue
            }
            let names = commands.compactMap { $0.configuration.commandName }
            let suggestion = NearestName.find(name, among: names).map { "; did you mean '\($0)'?" } ?? "."
            return ("There is no command '\(name)'\(suggestion)", command)
        }
        return nil
    }

    /// How a command is called: `xet cache status`.
    static func path(of command: Command) -> String {
        path(to: ObjectIdentifier(command), from: XetCommand.self)?.joined(separator: " ") ?? "xet"
    }

    private static func path(to command: ObjectIdentifier, from start: Command) -> [String]? {
        let name = [start.configuration.commandName ?? ""]
        if ObjectIdentifier(start) == command { return name }
        for next in start.configuration.subcommands {
            if let rest = path(to: command, from: next) { return name + rest }
        }
        return nil
    }
}
