#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Tells the service manager how this process stands, as `sd_notify` does: a datagram to the socket that
/// `NOTIFY_SOCKET` names.
///
/// Without that variable nothing is sent. A manager that does not take a message within a second does not get it: the
/// server is worth more than its report. Source: sd_notify(3).
enum ServiceNotification {
    /// Requests are taken; also the end of what ``reloading()`` began.
    static func ready(status: String) {
        send(["READY=1", line(status: status)])
    }

    /// The settings are being read again; ``ready(status:)`` follows.
    static func reloading() {
        send(["RELOADING=1", "MONOTONIC_USEC=\(monotonicMicroseconds)"])
    }

    /// The process is about to end, as soon as running answers are through.
    static func stopping(status: String) {
        send(["STOPPING=1", line(status: status)])
    }

    /// One line for `systemctl status`.
    static func status(_ text: String) {
        send([line(status: text)])
    }

    private static func line(status: String) -> String {
        "STATUS=" + String(status.map { $0.isNewline ? " " : $0 })
    }

    private static func send(_ lines: [String]) {
        #if os(Linux)
        guard let name = Environment["NOTIFY_SOCKET"], let socket = NotificationSocket(name: name) else { return }
        socket.send(lines.joined(separator: "\n"))
        #endif
    }

    private static var monotonicMicroseconds: UInt64 {
        var time = timespec()
        // SAFETY: the call writes one `timespec`.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }
}
