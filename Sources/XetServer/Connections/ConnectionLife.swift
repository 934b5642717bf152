/// How far the answers of one HTTP/1.1 connection are, and whether it is time to end it.
///
/// A connection ends after an answer that says so, and when the server stops; but not before the last byte of an answer has
/// left, and never as if an answer were whole that is not.
struct ConnectionLife {
    enum Action: Equatable {
        case nothing
        /// Nothing is on its way: close.
        case close
        /// Close the sending side behind what is on its way.
        case end
    }

    /// Requests whose head has come and whose answer is not written to its end.
    private var openCount = 0
    /// Ends of answers that wait for the client to take what is before them.
    private var unsentEndCount = 0
    private var isDraining: Bool
    /// Whether the present answer is the last one.
    private var isLast = false
    /// Whether the sending side is closed, or about to be.
    private(set) var hasEnded = false

    /// A new connection.
    init(isDraining: Bool = false) {
        self.isDraining = isDraining
    }

    /// Whether a request waits for its answer.
    var isAnswering: Bool { openCount > 0 }

    /// A request has come; `false` if nobody is to answer it any more.
    mutating func beginRequest() -> Bool {
        guard !hasEnded else { return false }
        openCount += 1
        return true
    }

    /// An answer begins; `true` if it has to say that the connection closes after it.
    ///
    /// `saysClose` means that it does so already.
    mutating func beginAnswer(saysClose: Bool) -> Bool {
        isLast = saysClose || (isDraining && openCount <= 1)
        return isLast && !saysClose
    }

    /// An answer is written to its end.
    mutating func endAnswer() -> Action {
        openCount = max(0, openCount - 1)
        unsentEndCount += 1
        guard isLast || (isDraining && openCount == 0) else { return .nothing }
        hasEnded = true
        return .end
    }

    /// The client has taken an answer to its end.
    mutating func sentAnswer() {
        unsentEndCount -= 1
    }

    /// The server stops.
    mutating func drain() -> Action {
        isDraining = true
        guard openCount == 0, !hasEnded else { return .nothing }
        hasEnded = true
        return unsentEndCount == 0 ? .close : .end
    }

    /// Somebody wants to close the connection.
    mutating func close() -> Action {
        // An answer that is not written to its end is cut off.
        guard openCount == 0, unsentEndCount > 0 else { return .close }
        guard !hasEnded else { return .nothing }
        hasEnded = true
        return .end
    }
}
