import Synchronization

/// How far an upload is.
public struct UploadProgress: Hashable, Sendable {
    /// Bytes of files read.
    public internal(set) var readByteCount: UInt64 = 0
    /// Bytes among them that no kept or packed chunk had.
    public internal(set) var newByteCount: UInt64 = 0
    /// Serialized bytes of the xorbs that were kept.
    public internal(set) var storedByteCount: UInt64 = 0

    /// The start.
    public init() {}
}

/// Counts from several tasks, and tells of it.
final class UploadMeter: Sendable {
    private let progress = Mutex(UploadProgress())
    private let report: @Sendable (UploadProgress) -> Void

    init(_ report: @escaping @Sendable (UploadProgress) -> Void) {
        self.report = report
    }

    func note(_ change: (inout UploadProgress) -> Void) {
        let now = progress.withLock { progress in
            change(&progress)
            return progress
        }
        report(now)
    }
}
