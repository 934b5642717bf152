/// The clock of what waits for a store.
public struct StoreTime: Sendable {
    let now: @Sendable () -> ContinuousClock.Instant
    let sleep: @Sendable (Duration) async throws -> Void

    /// A clock of its own; `sleep` returns after so long, or throws `CancellationError`.
    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// That of the machine.
    public static let continuous = StoreTime(now: { .now }, sleep: { try await Task.sleep(for: $0) })
}
