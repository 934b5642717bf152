import Synchronization

/// Tells whoever waits for it that there is something to do; several rings before it is answered are one.
final class Bell: Sendable {
    private let continuation = Mutex<AsyncStream<Void>.Continuation?>(nil)

    /// Rings; nothing happens if nobody listens.
    func ring() {
        _ = continuation.withLock { $0 }?.yield()
    }

    /// The rings from now on, for one who listens.
    func rings() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.continuation.withLock { $0 = continuation }
        return stream
    }
}
