import ArgumentParser
import XetCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The one executable.
@main
struct XetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xet",
        abstract: "Files stored in XET, for any HTTP client and for the shell.",
        discussion: """
            Start with 'xet proxy' to serve files of a Hub over plain HTTP, or 'xet download' to fetch one. \
            'xet origin' serves a local folder as a small Hub, for trying things out without an account.

            Exit statuses: 0 done, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 network or server, 6 wrong bytes, 130 \
            interrupted.
            """,
        version: XetVersion.current,
        subcommands: [
            ProxyCommand.self, DownloadCommand.self, UploadCommand.self, ListCommand.self, HashCommand.self,
            InspectCommand.self, CacheCommand.self, WarmCommand.self, BundleCommand.self,
            OriginCommand.self, DemoCommand.self, HealthCommand.self,
        ]
    )

    static func main() async {
        Descriptor.reserveStandardNumbers()
        // A file that may not grow further is a failed write, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        let arguments = CommandArguments.texts
        if let problem = CommandNames.problem(in: arguments) {
            CommandFailure.finishUsage(problem.message, of: problem.within)
        }
        var running: (any ParsableCommand.Type)?
        do {
            var command = try parseAsRoot(arguments)
            running = type(of: command)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            if let running, error is ValidationError { CommandFailure.finishUsage(message(for: error), of: running) }
            CommandFailure.finish(exitCode(for: error), fullMessage(for: error))
        }
    }
}
