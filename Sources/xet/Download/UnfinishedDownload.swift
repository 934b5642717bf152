import XetLocal

/// A download that failed, or was interrupted, after some of its bytes were on the disk.
struct UnfinishedDownload: Error {
    let cause: any Error
    /// Where they are.
    let partial: LocalPath
    let byteCount: UInt64

    /// What the person at the shell can do about it.
    var advice: String {
        "\(ReadableSize.text(byteCount)) are kept in \(partial); run the same command again to go on from there"
    }
}
