import ArgumentParser
import NIOCore
import XetAccess
import XetBundle
import XetCache
import XetLocal
import XetProxy
import XetServer
import _NIOFileSystem

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How a command tells that it failed: one line, and an exit status that says of what kind the failure is.
enum CommandFailure {
    /// The exit statuses of commands; 1 is any other failure, and 128 and more a signal.
    private enum Status {
        /// What was asked for makes no sense.
        static let usage = ExitCode(2)
        /// No such repository, revision or file.
        static let notFound = ExitCode(3)
        /// The caller may not have it.
        static let notAllowed = ExitCode(4)
        /// A server, or the way there: away, out of order, or not what it should be.
        static let network = ExitCode(5)
        /// Bytes that are not what they should be.
        static let corrupt = ExitCode(6)

        static func of(_ error: XetError) -> ExitCode {
            switch error.code {
            case .invalidRequest: usage
            case .notFound, .rangeNotSatisfiable: notFound
            case .unauthorized, .forbidden: notAllowed
            case .corrupt: corrupt
            default: network
            }
        }

        static func of(_ error: BundleError) -> ExitCode {
            switch error {
            case .unsigned, .wrongSignature, .untrusted: notAllowed
            case .missingChunk, .unwritable: .failure
            default: corrupt
            }
        }
    }

    /// Runs `body`; failures of Hub, CAS, CDN and disk become a line on standard error.
    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            let end = report(error)
            guard let interruption = end as? Interruption.Interrupted else { throw end }
            interruption.endIfOnTerminal()
            throw ExitCode(interruption.exitStatus)
        }
    }

    /// The exit status that a failure of Hub, CAS or CDN has.
    static func status(_ error: any Error) -> ExitCode { (error as? XetError).map(Status.of) ?? .failure }

    /// Prints one line with the name of the program.
    ///
    /// What others chose may be in it, such as the message of a server, so it is made safe to print.
    static func print(_ message: String) {
        Descriptor.standardError.print("xet: \(DisplayText.escaped(message))")
    }

    /// What could not be done, and what the system says about it.
    static func text(_ error: FileSystemError) -> String {
        guard let call = error.cause as? FileSystemError.SystemCallError else {
            return "\(error.message) (\(error.code))"
        }
        return "\(error.message) \(call.errno)."
    }

    /// Ends the process over arguments that cannot be meant, with how the command is used.
    static func finishUsage(_ message: String, of command: any ParsableCommand.Type) -> Never {
        let name = CommandNames.path(of: command)
        let usage = XetCommand.usageString(for: command)
        finish(Status.usage, "xet: \(message)\nUsage: \(usage)\n  See '\(name) --help' for more information.")
    }

    /// Ends the process, with the help that was asked for or with what was wrong with the arguments.
    static func finish(_ code: ExitCode, _ message: String) -> Never {
        let code = code == .validationFailure ? Status.usage : code
        if message.isEmpty { exit(code.rawValue) }
        guard code == .success else {
            // One name for who speaks, whatever is wrong.
            let prefix = "Error: "
            let message = message.hasPrefix(prefix) ? "xet: " + message.dropFirst(prefix.count) : message
            let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
            let shown = lines.map { DisplayText.escaped(CommandArguments.bytes(String($0))) }
            Descriptor.standardError.print(shown.joined(separator: "\n"))
            exit(code.rawValue)
        }
        do {
            try Descriptor.standardOutput.write(ByteBuffer(string: message + "\n"))
            exit(code.rawValue)
        } catch {
            _ = report(error)
            exit(ExitCode.failure.rawValue)
        }
    }

    /// Says what failed, and returns how the command ends.
    private static func report(_ error: any Error) -> any Error {
        switch error {
        case let error as UnfinishedDownload:
            let end = report(error.cause)
            print(error.advice)
            return end
        case let error as UnfinishedRepository:
            // The part of one file is one of many.
            let end = report((error.cause as? UnfinishedDownload)?.cause ?? error.cause)
            print(error.advice)
            return end
        case let error as UnfinishedUpload:
            let end = report(error.cause)
            print(error.advice)
            return end
        case let error as Interruption.Interrupted:
            print("interrupted")
            return error
        case let error as Descriptor.WriteError:
            // Whoever read has enough: not a word, and the end of a program that never cared about signals.
            if error.isClosedPipe, error.isStandardOutput { Interruption.endProcess(by: SIGPIPE) }
            print("cannot write\(error.isStandardOutput ? " to standard output" : ""): \(error)")
            return ExitCode.failure
        case let error as XetError:
            print(FailureText.text(error))
            return Status.of(error)
        case let error as BundleError:
            print("\(error)")
            return Status.of(error)
        case let error as DiskFull:
            print("\(error)")
            return ExitCode.failure
        case let error as LocalFileError:
            print("\(error)")
            return ExitCode.failure
        case let error as FileSystemError:
            print(text(error))
            return ExitCode.failure
        case let error as TLSFilesError:
            print("\(error)")
            return ExitCode.failure
        case is CancellationError:
            return ExitCode(130)
        default:
            return error
        }
    }
}
