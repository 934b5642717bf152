#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What tells one state of a file from another without reading it.
///
/// Links are followed, so a link that is set to another file shows.
struct FileStamp: Hashable, Sendable {
    private let node: UInt64?
    private let size: Int64?
    private let seconds: Int?
    private let nanoseconds: Int?

    /// All is `nil` if there is no such file.
    init(_ path: String) {
        var status = stat()
        // SAFETY: the call reads a string that ends with 0 and writes one `stat`.
        guard unsafe stat(path, &status) == 0 else {
            (node, size, seconds, nanoseconds) = (nil, nil, nil, nil)
            return
        }
        node = UInt64(status.st_ino)
        size = Int64(status.st_size)
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        seconds = Int(time.tv_sec)
        nanoseconds = Int(time.tv_nsec)
    }
}
