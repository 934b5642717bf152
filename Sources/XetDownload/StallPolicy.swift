/// When a GET counts as stalled: another connection may then do better.
public struct StallPolicy: Hashable, Sendable {
    /// Longest silence while bytes are waited for.
    public var silence: Duration
    /// Least bytes in a second of waiting; a GET that is slower over ``period`` has stalled too.
    public var leastRate: Int
    /// Waiting over which the rate is judged.
    public var period: Duration

    /// Makes a policy.
    public init(silence: Duration = .seconds(3), leastRate: Int = 4 << 10, period: Duration = .seconds(10)) {
        self.silence = silence
        self.leastRate = leastRate
        self.period = period
    }

    /// Returns when the GET has stalled.
    func waitForStall(of pulse: Pulse, clock: any Clock<Duration>) async throws {
        while true {
            let now = pulse.reading
            if now.silence >= silence || isSlow(now) { return }
            try await clock.sleep(for: silence - now.silence)
        }
    }

    private func isSlow(_ reading: Pulse.Reading) -> Bool {
        reading.waited >= period && Double(reading.byteCount) < Double(leastRate) * (reading.waited / .seconds(1))
    }
}

extension StallPolicy {
    private enum Outcome: Sendable {
        case done
        case failed(any Error)
        case stalled
    }

    /// Runs `attempt`, and runs it again beside the first if that stalls; ends with whichever succeeds first.
    ///
    /// Throws when none is left that may succeed. Whatever still runs then is cancelled and awaited.
    func withSecondAttempt(
        clock: any Clock<Duration>,
        watch: Stopwatch,
        _ attempt: @escaping @Sendable (Pulse) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            defer { group.cancelAll() }
            let pulse = Pulse(watch)
            var runningCount = 1
            group.addTask { await Self.outcome { try await attempt(pulse) } }
            group.addTask {
                try await waitForStall(of: pulse, clock: clock)
                return .stalled
            }
            for try await outcome in group {
                switch outcome {
                case .done: return
                case .stalled:
                    runningCount += 1
                    group.addTask { await Self.outcome { try await attempt(Pulse(watch)) } }
                case .failed(let error):
                    runningCount -= 1
                    if runningCount == 0 { throw error }
                }
            }
        }
    }

    private static func outcome(_ body: () async throws -> Void) async -> Outcome {
        do {
            try await body()
            return .done
        } catch {
            return .failed(error)
        }
    }
}
