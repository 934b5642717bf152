#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A Unix datagram socket of the service manager: a path, or with a leading `@` a name in the abstract namespace.
struct NotificationSocket {
    /// Longest wait for room in the manager's queue.
    private static let patience = timeval(tv_sec: 1, tv_usec: 0)

    /// What `sun_path` holds.
    private let path: [UInt8]

    /// `nil` for other kinds of address, and for one that is too long.
    init?(name: String) {
        switch name.first {
        case "/": path = Array(name.utf8) + [0]
        case "@": path = [0] + name.utf8.dropFirst()
        default: return nil
        }
        guard path.count > 1, path.count <= MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return nil }
    }

    /// Sends `message` if the socket takes it.
    func send(_ message: String) {
        #if canImport(Musl)
        let kind = SOCK_DGRAM | SOCK_CLOEXEC
        #else
        let kind = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        #endif
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var patience = Self.patience
        // SAFETY: the call reads one `timeval`.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let message = Array(message.utf8)
        unsafe withAddress { address, byteCount in
            var result: Int
            repeat {
                // SAFETY: the system reads `message` and `byteCount` bytes of the address, all initialized.
                result = unsafe sendto(descriptor, message, message.count, CInt(MSG_NOSIGNAL), address, byteCount)
            } while result < 0 && errno == EINTR
        }
    }

    private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Void) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `init` made sure that the path fits.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        // The path is the last field; of an abstract name every byte counts, so none may follow.
        let head = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        // SAFETY: `sockaddr_un` begins as `sockaddr` does; the system casts it back by its family.
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe body(pointer, socklen_t(head + path.count))
            }
        }
    }
}
#endif
