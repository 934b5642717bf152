#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the system says of this process; `nil` where it does not tell.
package enum ProcessMetrics {
    /// Adds them to a registry, under the names that every Prometheus client has for them.
    package static func register(in registry: MetricsRegistry, version: String, start: UInt64) {
        registry.observe("process_resident_memory_bytes", .gauge) { residentByteCount.map(Double.init) }
        registry.observe("process_open_fds", .gauge) { openDescriptorCount.map(Double.init) }
        registry.observe("process_cpu_seconds_total", .counter) { cpuSeconds }
        registry.observe("process_start_time_seconds", .gauge) { Double(start) }
        registry.observe("xet_build_info", .gauge, labels: [("version", version)]) { 1 }
    }

    /// Memory in use: the second field of `statm`, in pages.
    static var residentByteCount: Int? {
        guard let statm = FileManager.default.contents(atPath: "/proc/self/statm") else { return nil }
        let fields = statm.split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        return pages * Int(getpagesize())
    }

    /// Open file descriptors; one of them is for this look.
    static var openDescriptorCount: Int? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
    }

    /// CPU time so far.
    static var cpuSeconds: Double? {
        var time = timespec()
        // SAFETY: the pointer is used only during the call.
        guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }
}
