/// Units in a second, averaged over the last seconds.
struct AverageRate: Sendable {
    private static let window = Duration.seconds(5)

    private var samples: [(time: ContinuousClock.Instant, count: UInt64)]

    /// From `count` on, now.
    init(from count: UInt64 = 0) {
        samples = [(.now, count)]
    }

    /// `count` units are done at `time`; returns how many are in a second.
    mutating func note(_ count: UInt64, at time: ContinuousClock.Instant) -> Double {
        samples.append((time, count))
        // One that is older stays, to measure from.
        let old = samples.prefix { time - $0.time > Self.window }.count
        samples.removeFirst(max(0, old - 1))
        let first = samples[0]
        let seconds = (time - first.time) / .seconds(1)
        return seconds > 0 ? Double(count - min(first.count, count)) / seconds : 0
    }

    /// `count` units are there that were not done now.
    mutating func skip(_ count: UInt64) {
        for index in samples.indices { samples[index].count += count }
    }
}
