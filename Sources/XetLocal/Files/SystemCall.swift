#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What all calls of the system have in common.
package enum SystemCall {
    /// What a call answered that did not succeed.
    package struct Failure: Error, Hashable {
        package let code: CInt
    }

    /// Repeats a call that a signal interrupted; a negative result is a failure.
    package static func retrying<Result: BinaryInteger>(_ call: () -> Result) throws(Failure) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            guard code == EINTR else { throw Failure(code: code) }
        }
    }

    /// What the system says of an error code.
    package static func text(_ code: CInt) -> String {
        // SAFETY: `strerror` returns a valid string for any code.
        unsafe String(cString: strerror(code))
    }
}
