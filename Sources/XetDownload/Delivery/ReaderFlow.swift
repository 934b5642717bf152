/// How a reader takes what it is given, and so in which pieces it is given more.
///
/// What a blocked reader was given stays in memory, with the buffer that it is a part of. So only one that has shown
/// that it takes a lot at once gets whole batches; others get small pieces in buffers of their own.
struct ReaderFlow: Sendable {
    /// A reader that took so much without waiting is quick; sockets swallow the start of everything.
    static let quickByteCount = 8 << 20
    /// A reader that makes somebody wait so long is not quick.
    static let longWait = Duration.milliseconds(100)
    /// One that makes somebody wait so long is slow.
    static let slowWait = Duration.seconds(1)
    /// Bytes of a piece for a reader of which nothing is known yet.
    static let firstPieceByteCount = 64 << 10
    /// Bytes of a piece for one that is slow.
    static let slowPieceByteCount = 16 << 10

    private var quicklyTaken = 0
    private var isSlow = false

    init() {}

    /// Most bytes of a piece; `nil` if it may have all that lies together in memory.
    var pieceByteCount: Int? {
        if quicklyTaken >= Self.quickByteCount { return nil }
        return isSlow ? Self.slowPieceByteCount : Self.firstPieceByteCount
    }

    /// Notes that the reader took bytes within a time.
    mutating func note(_ byteCount: Int, within time: Duration) {
        if time >= Self.longWait {
            quicklyTaken = 0
            if time >= Self.slowWait { isSlow = true }
        } else {
            quicklyTaken = min(quicklyTaken + byteCount, Self.quickByteCount)
            if quicklyTaken == Self.quickByteCount { isSlow = false }
        }
    }
}
