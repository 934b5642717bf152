/// The failures in a row of one piece of work: says when it is tried again, and when it is given up.
///
/// Wrong bytes and addresses that have ended are counted, since more attempts bring nothing; an outage is timed, if the
/// policy says how long it may last. It has no clock: times are those since any one moment.
public struct RetrySeries: Sendable {
    private let policy: RetryPolicy
    /// Failures that were counted.
    public private(set) var failureCount = 0
    private var outageStart: Duration?
    private var outageFailureCount = 0

    /// A series without failures.
    public init(_ policy: RetryPolicy) {
        self.policy = policy
    }

    /// Notes that an attempt brought something: what failed before is over.
    public mutating func noteProgress() {
        self = RetrySeries(policy)
    }

    /// The wait after another failure, or `nil` to give up.
    ///
    /// In an outage a server's own wish counts as long as there is time left for it, and the last attempt begins when none is.
    public mutating func delay(
        after error: XetError,
        at now: Duration,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard error.isOutage, let most = policy.maximumOutage else {
            failureCount += 1
            return policy.delay(after: error, failures: failureCount, using: &generator)
        }
        let start = outageStart ?? now
        outageStart = start
        outageFailureCount += 1
        let left = most - (now - start)
        let asked = Duration.seconds(error.retryAfter ?? 0)
        guard left > .zero, asked <= left else { return nil }
        return min(left, asked + policy.backoff(failures: outageFailureCount, using: &generator))
    }
}
