/// A transfer as it was at one moment.
struct LiveTransfer: Sendable, Identifiable {
    /// Unique for the life of the process.
    let id: UInt64
    let subject: TransferSubject
    /// Bytes of the body sent so far.
    let sentByteCount: UInt64
    /// Time since it began.
    let age: Duration
    /// On average over the last seconds.
    let bytesPerSecond: Double

    init(id: UInt64, _ subject: TransferSubject, _ counter: TransferCounter) {
        self.id = id
        self.subject = subject
        sentByteCount = counter.byteCount
        age = counter.age
        bytesPerSecond = counter.bytesPerSecond
    }

    /// 0 to 1; `nil` if the size is not known.
    var progress: Double? {
        guard let byteCount = subject.byteCount else { return nil }
        return byteCount == 0 ? 1 : min(1, Double(sentByteCount) / Double(byteCount))
    }
}
