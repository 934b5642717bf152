import ArgumentParser
import XetCore

/// The one executable.
@main
struct XetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xet",
        abstract: "Files stored in XET, for any HTTP client and for the shell.",
        discussion: """
            Start with 'xet proxy' to serve files of a Hub over plain HTTP, or 'xet download' to fetch one. \
            'xet origin' serves a local folder as a small Hub, for trying things out without an account.
            """,
        version: XetVersion.current,
        subcommands: [
            ProxyCommand.self, DownloadCommand.self, ListCommand.self, HashCommand.self, InspectCommand.self,
            OriginCommand.self, DemoCommand.self, HealthCommand.self,
        ]
    )
}
