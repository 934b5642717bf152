/// What a ``TransferBook`` keeps of a transfer that runs.
struct TransferRecord: Sendable {
    private struct Mark {
        let time: ContinuousClock.Instant
        let byteCount: UInt64
    }

    /// Shortest time over which a rate is measured once a transfer has run this long.
    private static let span = Duration.seconds(1)

    let subject: TransferSubject
    let counter: TransferCounter
    let begin: ContinuousClock.Instant
    /// Where the rate is measured from.
    private var older: Mark
    /// Where it will be measured from next.
    private var newer: Mark

    init(subject: TransferSubject, counter: TransferCounter, begin: ContinuousClock.Instant) {
        self.subject = subject
        self.counter = counter
        self.begin = begin
        older = Mark(time: begin, byteCount: 0)
        newer = older
    }

    /// The transfer as it is now; the rate is that since an earlier look, at least a second ago.
    mutating func look(id: UInt64, now: ContinuousClock.Instant) -> LiveTransfer {
        let byteCount = counter.byteCount
        if now - newer.time >= Self.span {
            older = newer
            newer = Mark(time: now, byteCount: byteCount)
        }
        let elapsed = (now - older.time) / Duration.seconds(1)
        return LiveTransfer(
            id: id,
            subject: subject,
            sentByteCount: byteCount,
            age: now - begin,
            bytesPerSecond: elapsed > 0 ? Double(byteCount - older.byteCount) / elapsed : 0
        )
    }
}
