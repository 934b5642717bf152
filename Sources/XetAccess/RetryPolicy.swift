/// How often, for how long and when a failed request is repeated.
public struct RetryPolicy: Sendable {
    /// How long a download that has begun waits for a server that is away, unless somebody says otherwise.
    public static let usualOutage = Duration.seconds(300)

    /// Attempts in a row that bring nothing before the failure is final; those of an outage do not count if ``maximumOutage``
    /// says how long it may last.
    public var maximumAttempts: Int
    /// Longest wait before the second attempt; it doubles from attempt to attempt.
    public var baseDelay: Duration
    /// Longest wait of all; a server that asks for more gets no further attempt, but in an outage with a time of its own.
    public var maximumDelay: Duration
    /// No attempt begins after this time; for what somebody waits for.
    public var maximumDuration: Duration?
    /// Longest time from the first failure of an outage to the last attempt; attempts are counted if it is `nil`.
    public var maximumOutage: Duration?
    /// Is told of each failure that leads to another attempt, and of the wait before it.
    public var onRetry: (@Sendable (XetError, Duration) -> Void)?

    /// Makes a policy.
    public init(
        maximumAttempts: Int = 6,
        baseDelay: Duration = .milliseconds(200),
        maximumDelay: Duration = .seconds(20),
        maximumDuration: Duration? = nil,
        maximumOutage: Duration? = nil,
        onRetry: (@Sendable (XetError, Duration) -> Void)? = nil
    ) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
        self.maximumDuration = maximumDuration
        self.maximumOutage = maximumOutage
        self.onRetry = onRetry
    }

    /// For a download that has begun: a server may be away for `outage`, and is found a few seconds after it is back.
    public static func outlasting(
        _ outage: Duration = usualOutage,
        onRetry: (@Sendable (XetError, Duration) -> Void)? = nil
    ) -> RetryPolicy {
        RetryPolicy(maximumDelay: .seconds(5), maximumOutage: outage, onRetry: onRetry)
    }

    /// The wait after `failures` failures in a row, or `nil` to give up.
    ///
    /// What the server asked for, and a random part of an exponentially growing time, so that many clients do not come back
    /// at once. Precondition: `failures` is positive.
    public func delay(
        after error: XetError,
        failures: Int,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard error.isTransient, failures < maximumAttempts else { return nil }
        let asked = Duration.seconds(error.retryAfter ?? 0)
        return asked > maximumDelay ? nil : asked + backoff(failures: failures, using: &generator)
    }

    /// A random part of a time that grows with the failures.
    func backoff(failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        min(maximumDelay, baseDelay * (1 << min(failures - 1, 16))) * Double.random(in: 0..<1, using: &generator)
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
        let start = clock.now
        var generator = SystemRandomNumberGenerator()
        var series = RetrySeries(self)
        while true {
            do {
                return try await operation()
            } catch let error as XetError {
                let elapsed = start.duration(to: clock.now)
                guard let delay = series.delay(after: error, at: elapsed, using: &generator) else { throw error }
                if let maximumDuration, elapsed + delay > maximumDuration { throw error }
                onRetry(error)
                self.onRetry?(error, delay)
                try await clock.sleep(for: delay)
            }
        }
    }
}
