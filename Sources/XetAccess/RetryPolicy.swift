/// How often and when a failed request is repeated.
public struct RetryPolicy: Sendable {
    /// Attempts in a row that bring nothing before the failure is final.
    public var maximumAttempts: Int
    /// Longest wait before the second attempt; it doubles from attempt to attempt.
    public var baseDelay: Duration
    /// Longest wait of all; a server that asks for more gets no further attempt.
    public var maximumDelay: Duration
    /// No attempt begins after this time; for what somebody waits for.
    public var maximumDuration: Duration?

    /// Makes a policy.
    public init(
        maximumAttempts: Int = 6,
        baseDelay: Duration = .milliseconds(200),
        maximumDelay: Duration = .seconds(20),
        maximumDuration: Duration? = nil
    ) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
        self.maximumDuration = maximumDuration
    }

    /// The wait after `failures` failures in a row, or `nil` to give up.
    ///
    /// A random part of an exponentially growing time, so that many clients do not come back at once; at least what the
    /// server asked for. Precondition: `failures` is positive.
    public func delay(
        after error: XetError,
        failures: Int,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard error.isTransient, failures < maximumAttempts else { return nil }
        let longest = min(maximumDelay, baseDelay * (1 << min(failures - 1, 16)))
        let jittered = longest * Double.random(in: 0..<1, using: &generator)
        let asked = Duration.seconds(error.retryAfter ?? 0)
        return asked > maximumDelay ? nil : max(jittered, asked)
    }
}

extension RetryPolicy {
    /// Runs `operation` until it succeeds, the failure is final, or the task is cancelled.
    ///
    /// `onRetry` is called with each failure that leads to another attempt.
    public func run<Value>(
        clock: some Clock<Duration>,
        onRetry: (XetError) -> Void = { _ in },
        _ operation: () async throws -> Value
    ) async throws -> Value {
        let deadline = maximumDuration.map { clock.now.advanced(by: $0) }
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        while true {
            do {
                return try await operation()
            } catch let error as XetError {
                failures += 1
                guard let delay = delay(after: error, failures: failures, using: &generator) else { throw error }
                if let deadline, clock.now.advanced(by: delay) > deadline { throw error }
                onRetry(error)
                try await clock.sleep(for: delay)
            }
        }
    }
}
