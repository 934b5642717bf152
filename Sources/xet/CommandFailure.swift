import ArgumentParser
import XetAccess
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

/// How a command tells that it failed: one line, and an exit code of 1.
enum CommandFailure {
    /// Runs `body`; failures of Hub, CAS, CDN and disk become a line on standard error.
    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            throw report(error)
        }
    }

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

    /// Says what failed, and returns how the command ends.
    private static func report(_ error: any Error) -> any Error {
        switch error {
        case let error as UnfinishedDownload:
            let end = report(error.cause)
            print(error.advice)
            return end
        case let error as Interruption.Interrupted:
            print("interrupted")
            return ExitCode(error.exitStatus)
        case let error as Descriptor.WriteError:
            if error.isClosedPipe, error.isStandardOutput { endByClosedPipe() }
            print("cannot write\(error.isStandardOutput ? " to standard output" : ""): \(error)")
            return ExitCode.failure
        case let error as XetError:
            print(FailureText.text(error))
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

    /// Ends the process as one ends that never cared about signals, without a word: whoever read has enough.
    private static func endByClosedPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        // The signal is blocked: say the same in the way of a shell.
        exit(128 + SIGPIPE)
    }
}
