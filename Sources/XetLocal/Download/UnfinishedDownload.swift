/// A download that failed, or was interrupted, after some of its bytes were on the disk.
package struct UnfinishedDownload: Error {
    package let cause: any Error
    /// Where they are.
    package let partial: LocalPath
    package let byteCount: UInt64

    package init(cause: any Error, partial: LocalPath, byteCount: UInt64) {
        self.cause = cause
        self.partial = partial
        self.byteCount = byteCount
    }
}
