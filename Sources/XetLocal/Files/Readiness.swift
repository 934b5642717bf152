#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Waiting for a descriptor that does not block by itself.
///
/// Whoever shares a terminal or a pipe with this process may have made it so; it must stay as it is.
package enum Readiness {
    /// Returns when `number` is ready for `events`, such as `POLLOUT`, or has failed, which the next call will tell.
    ///
    /// Blocks the thread.
    package static func wait(for events: CInt, of number: CInt) {
        var descriptor = pollfd(fd: number, events: Int16(events), revents: 0)
        // SAFETY: the call reads and writes one `pollfd`. One that is interrupted is as good: the caller tries again.
        _ = unsafe poll(&descriptor, 1, -1)
    }
}
