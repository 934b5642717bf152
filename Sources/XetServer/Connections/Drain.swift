/// What happens between the word to stop and the end.
struct Drain<C: Clock>: Sendable where C.Duration == Duration {
    /// How long running answers may take to finish.
    let timeout: Duration
    let clock: C
    /// Called when the word comes.
    let onBegin: @Sendable () -> Void
    /// Called when the time is over.
    let onTimeout: @Sendable () -> Void

    /// Waits for the word with `word`, and then for the time to be over.
    ///
    /// Throws `CancellationError` when everything was finished before.
    func run(_ word: () async throws -> Void) async throws {
        try await word()
        onBegin()
        try await clock.sleep(for: timeout)
        onTimeout()
    }
}
