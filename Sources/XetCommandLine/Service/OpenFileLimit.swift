#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How many files and connections this process may have open at the same time.
enum OpenFileLimit {
    /// Takes all that the system allows without asking; the usual 1024 is far less than a server needs.
    ///
    /// Where that is refused things stay as they are. Source: getrlimit(2).
    static func raise() {
        var limit = rlimit()
        // SAFETY: the calls read or write one `rlimit`.
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(resource, &limit)
    }

    #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif
}
