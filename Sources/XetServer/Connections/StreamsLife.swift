/// Whether it is time to end an HTTP/2 connection.
///
/// An end begins with the word that no more streams are wanted. Those that the client opened before it heard that are served:
/// it is known to have heard it when the connection has settled.
struct StreamsLife {
    enum Action: Equatable {
        case nothing
        /// Say that no more streams are wanted.
        case announceEnd
        /// Nothing is left: close the sending side behind what is on its way.
        case end
        /// Nothing is left for now: end if it stays so.
        case awaitStreams
    }

    private var openCount = 0
    private var isEnding = false
    private var isSettled = false
    private var hasEnded = false

    /// The client has opened a stream.
    mutating func open() {
        openCount += 1
    }

    /// A stream is over.
    mutating func close() -> Action {
        openCount -= 1
        guard openCount == 0 else { return .nothing }
        return isEnding ? endIfSettled() : .awaitStreams
    }

    /// The server stops.
    mutating func drain() -> Action {
        guard !isEnding else { return .nothing }
        isEnding = true
        return .announceEnd
    }

    /// For as long as a connection may be idle there was no stream, or there was one meanwhile.
    mutating func idle() -> Action {
        openCount == 0 ? drain() : .nothing
    }

    /// The client has heard of the end, or had the time to.
    mutating func settle() -> Action {
        isSettled = true
        return endIfSettled()
    }

    private mutating func endIfSettled() -> Action {
        guard isEnding, isSettled, openCount == 0, !hasEnded else { return .nothing }
        hasEnded = true
        return .end
    }
}
