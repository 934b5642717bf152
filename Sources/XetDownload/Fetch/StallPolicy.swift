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

    /// Time until a GET counts as stalled if nothing comes.
    func rest(_ reading: Pulse.Reading) -> Duration { isSlow(reading) ? .zero : silence - reading.silence }

    private func isSlow(_ reading: Pulse.Reading) -> Bool {
        reading.waited >= period && Double(reading.byteCount) < Double(leastRate) * (reading.waited / .seconds(1))
    }
}
