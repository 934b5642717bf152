/// Answers a GET that stalls by a second one beside it.
struct StallWatch: Sendable {
    private enum Outcome: Sendable {
        case done
        case failed(any Error)
        case stalled
    }

    let policy: StallPolicy
    let deadlines: DeadlineWatch
    let hedges: HedgeAllowance
    let watch: Stopwatch

    /// Runs `attempt`, and runs it again, as the second, beside the first if that stalls; ends with whichever succeeds first.
    ///
    /// Throws when none is left that may succeed. Whatever still runs then is cancelled and awaited.
    func withSecondAttempt(_ attempt: @escaping @Sendable (Pulse, _ isSecond: Bool) async throws -> Void) async throws {
        hedges.noteGET()
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            defer { group.cancelAll() }
            let pulse = Pulse(watch)
            var runningCount = 1
            group.addTask { await Self.outcome { try await attempt(pulse, false) } }
            group.addTask {
                try await waitForLeave(pulse)
                return .stalled
            }
            for try await outcome in group {
                switch outcome {
                case .done: return
                case .stalled:
                    runningCount += 1
                    group.addTask { await Self.outcome { try await attempt(Pulse(watch), true) } }
                case .failed(let error):
                    runningCount -= 1
                    if runningCount == 0 { throw error }
                }
            }
        }
    }

    /// Runs `attempt`; `nil` if it stalled, and was cancelled for it.
    func untilStall<Value: Sendable>(_ attempt: @escaping @Sendable (Pulse) async -> Value) async -> Value? {
        hedges.noteGET()
        return await withTaskGroup(of: Value?.self) { group in
            let pulse = Pulse(watch)
            group.addTask { await attempt(pulse) }
            group.addTask {
                // Ends by a stall or by being cancelled, and either way there is no value.
                try? await waitForLeave(pulse)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    /// Returns when the GET has stalled and another may be sent.
    private func waitForLeave(_ pulse: Pulse) async throws {
        try await deadlines.wait { policy.rest(pulse.reading) }
        while !hedges.take() {
            let refusal = watch.elapsed
            try await deadlines.wait { max(policy.rest(pulse.reading), policy.silence - (watch.elapsed - refusal)) }
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
