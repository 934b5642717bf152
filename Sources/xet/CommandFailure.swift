import ArgumentParser
import XetAccess
import XetProxy
import XetServer
import _NIOFileSystem

/// How a command tells that it failed: one line, and an exit code of 1.
enum CommandFailure {
    /// Runs `body`; failures of Hub, CAS, CDN and disk become a line on standard error.
    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as XetError {
            print(text(error))
            throw ExitCode.failure
        } catch let error as FileSystemError {
            print(text(error))
            throw ExitCode.failure
        } catch let error as TLSFilesError {
            print("\(error)")
            throw ExitCode.failure
        } catch is CancellationError {
            throw ExitCode(130)
        } catch let error as Descriptor.WriteError {
            print("cannot write: \(error)")
            throw ExitCode.failure
        }
    }

    /// Prints one line with the name of the program.
    static func print(_ message: String) {
        Descriptor.standardError.print("xet: \(message)")
    }

    /// What could not be done, and what the system says about it.
    static func text(_ error: FileSystemError) -> String {
        guard let call = error.cause as? FileSystemError.SystemCallError else {
            return "\(error.message) (\(error.code))"
        }
        return "\(error.message) \(call.errno)."
    }

    private static func text(_ error: XetError) -> String {
        var text = error.response?.errorMessage.map { "\($0) (\(error.message))" } ?? "\(error)"
        switch error.code {
        case .unauthorized, .forbidden:
            text += ". Check your Hub token (HF_TOKEN)."
        case .rateLimited:
            text += error.retryAfter.map { ". Try again in \($0) s." } ?? ". Try again later."
        default:
            break
        }
        return text
    }
}
