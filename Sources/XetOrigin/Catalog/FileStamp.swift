import _NIOFileSystem

/// What tells whether a file is still the one that was read: length and times.
///
/// The time of the last status change is there because a copy can keep the time of modification.
struct FileStamp: Hashable, Sendable, Codable {
    let byteCount: Int64
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int
    let changedSeconds: Int
    let changedNanoseconds: Int

    /// Unix seconds of the last change, whatever changed.
    var lastChange: Int { max(modifiedSeconds, changedSeconds) }

    init(_ info: FileInfo) {
        byteCount = info.size
        modifiedSeconds = info.lastDataModificationTime.seconds
        modifiedNanoseconds = info.lastDataModificationTime.nanoseconds
        changedSeconds = info.lastStatusChangeTime.seconds
        changedNanoseconds = info.lastStatusChangeTime.nanoseconds
    }
}
