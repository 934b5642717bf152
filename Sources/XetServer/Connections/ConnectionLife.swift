/// How far the answers of one HTTP/1.1 connection are, and whether it is time to end it.
///
/// A connection ends after an answer that says so, after one whose request asked for it, behind what is no request, and when
/// the server stops; but not before the last byte of an answer has left, and never as if an answer were whole that is not.
struct ConnectionLife {
    enum Action: Equatable {
        case nothing
        /// Nothing is on its way, or what is must not look whole: close.
        case close
        /// Close the sending side behind what is on its way.
        case end
        /// It is the turn of what is no request: answer that, as the last.
        case refuse
    }

    /// Requests whose head has come and whose answer is not written to its end.
    private var openCount = 0
    /// Ends of answers that wait for the client to take what is before them.
    private var unsentEndCount = 0
    private var isDraining: Bool
    /// Whether the request that came last is to be the last.
    private var hasLastRequest = false
    /// Whether the end of the request that came last is still to come.
    private var isReading = false
    /// Whether the client waits for word before it sends the body of that request.
    private var isAwaited = false
    /// Whether the head of the present answer is written, and its end is not.
    private var hasBegunAnswer = false
    /// Whether the present answer is the last one.
    private var isLast = false
    /// Whether what came last is no request, and that is to be said.
    private var hasRefusal = false
    /// Whether the sending side is closed, or about to be.
    private(set) var hasEnded = false

    /// A new connection.
    init(isDraining: Bool = false) {
        self.isDraining = isDraining
    }

    /// Whether a request waits for its answer.
    var isAnswering: Bool { openCount > 0 }

    /// A request has come; `false` if nobody is to answer it any more.
    ///
    /// It may be the last, and its client may wait for word before it sends the body.
    mutating func beginRequest(isLast: Bool = false, waits: Bool = false) -> Bool {
        guard !hasEnded, !hasLastRequest, !hasRefusal else { return false }
        openCount += 1
        hasLastRequest = isLast
        isReading = true
        isAwaited = waits
        return true
    }

    /// Some of the body of a request has come.
    mutating func readBody() {
        isAwaited = false
    }

    /// A request has come to its end.
    mutating func endRequest() {
        isReading = false
        isAwaited = false
    }

    /// Somebody wants the body of the request that is answered; whether the client has to be told.
    mutating func wantBody() -> Bool {
        guard isAwaited, openCount == 1, !hasBegunAnswer, !hasEnded else { return false }
        isAwaited = false
        return true
    }

    /// What came last is no request.
    mutating func refuse() -> Action {
        guard !hasEnded, !hasLastRequest || isReading, !hasRefusal else { return .nothing }
        hasRefusal = true
        guard isReading else { return openCount == 0 ? .refuse : .nothing }
        guard openCount == 1 else { return .nothing }
        return hasBegunAnswer ? .close : .refuse
    }

    /// An answer begins; `true` if it has to say that the connection closes after it.
    ///
    /// `saysClose` means that it does so already.
    mutating func beginAnswer(saysClose: Bool) -> Bool {
        hasBegunAnswer = true
        // A body that was not asked for may come or not: what follows could not be told from it.
        isLast = saysClose || (openCount <= 1 && (isDraining || hasLastRequest || isAwaited))
        return isLast && !saysClose
    }

    /// An answer is written to its end.
    mutating func endAnswer() -> Action {
        hasBegunAnswer = false
        openCount = max(0, openCount - 1)
        unsentEndCount += 1
        if isLast || (isDraining && openCount == 0) {
            hasEnded = true
            return .end
        }
        return hasRefusal && openCount == (isReading ? 1 : 0) ? .refuse : .nothing
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
