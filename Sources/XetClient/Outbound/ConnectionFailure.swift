import NIOCore
import NIOPosix
import XetAccess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Why no connection came about, or why one broke.
package enum ConnectionFailure {
    /// In the system's words; `nil` for other failures.
    package static func reason(_ error: any Error) -> String? {
        switch error {
        case let error as NIOConnectionError:
            guard let failure = error.connectionErrors.first else { return "its name cannot be resolved" }
            return reason(failure.error)
        case let error as IOError:
            // SAFETY: `strerror` returns a valid string for any code.
            return unsafe String(cString: strerror(error.errnoCode))
        default:
            // What a server answers to TLS that speaks plain HTTP.
            guard "\(error)".contains("WRONG_VERSION_NUMBER") else { return nil }
            return "it does not speak TLS; perhaps it is http, not https"
        }
    }
}
