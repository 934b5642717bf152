/// How far one download runs ahead of its reader, and over how many connections.
///
/// It starts with a few connections. While the reader has to wait, it takes twice as many and keeps them if that was
/// faster; if not, it goes back and tries again much later. A reader that never waits and takes its bytes slowly gets
/// less and less, down to what it needs for a few seconds.
struct Pace: Sendable {
    /// Where it starts and ends.
    struct Limits: Hashable, Sendable {
        /// Bytes that a slow reader keeps.
        var leastByteCount = 2 << 20
        /// Bytes of the start.
        var firstByteCount = 32 << 20
        /// Most bytes.
        var mostByteCount = 48 << 20
        /// Fetches under way at the start.
        var firstFetchCount = 4
        /// Most fetches under way.
        var mostFetchCount = 24
        /// Bytes that a fetch must have for another to be worth its connection.
        var leastByteCountPerFetch = 2 << 20
        /// Fetches of at most so many bytes are small: four count as one.
        var smallFetchByteCount = 1 << 20
    }

    private enum Phase {
        /// More was just given; before, so many bytes came in a second with those limits.
        case growing(from: Double, with: Step)
        /// Nothing changes for so many measurements.
        case holding(Int)
    }

    private struct Step: Equatable {
        var byteLimit: Int
        var fetchLimit: Int
    }

    /// A time that is long enough to measure a rate, if bytes for the whole limit were delivered meanwhile.
    private static let leastMeasurement = Duration.milliseconds(50)
    /// A time that is long enough in any case.
    private static let mostMeasurement = Duration.seconds(1)
    /// Part of a measurement that a reader must have waited for more to be of use.
    private static let waitingPart = 0.05
    /// Times as fast that twice as many connections must be to be kept.
    private static let worthwhileGain = 1.15
    /// Measurements until more is tried again, the first time; it doubles up to the most.
    private static let firstHoldingCount = 8
    private static let mostHoldingCount = 128
    /// A reader that does not wait keeps what it takes in so many seconds.
    private static let slowReaderSeconds = 4.0

    private let limits: Limits
    private var phase: Phase
    private var holdingCount = Self.firstHoldingCount
    private var start: Duration?
    private var delivered = 0
    private var waited = Duration.zero

    private var step: Step
    /// Bytes delivered in a second, at the last measurement.
    private(set) var rate = 0.0

    init(_ limits: Limits) {
        self.limits = limits
        step = Step(byteLimit: limits.firstByteCount, fetchLimit: limits.firstFetchCount)
        phase = .growing(from: 0, with: step)
    }

    /// How many bytes it may run ahead.
    var byteLimit: Int { step.byteLimit }
    /// How many fetches it may have under way.
    var fetchLimit: Int { step.fetchLimit }

    /// Notes that the reader waited for bytes.
    mutating func noteWait(of duration: Duration) {
        waited += duration
    }

    /// Notes delivered bytes at `time`, which counts from anywhere; returns whether the limits changed.
    mutating func noteDelivery(of byteCount: Int, at time: Duration) -> Bool {
        delivered += byteCount
        guard let start else {
            // What the first bytes waited for is no measure: Hub and CAS had their part in it.
            begin(at: time)
            return false
        }
        let elapsed = time - start
        guard elapsed >= (delivered >= byteLimit ? Self.leastMeasurement : Self.mostMeasurement) else { return false }
        rate = Double(delivered) / (elapsed / .seconds(1))
        let hasWaited = waited / elapsed >= Self.waitingPart
        begin(at: time)
        let before = step
        if hasWaited { adaptToWaiting() } else { adaptToReader() }
        return step != before
    }

    /// Notes that an upstream asked for less, or failed under load.
    mutating func noteCongestion() {
        step.fetchLimit = max(1, fetchLimit / 2)
        phase = .holding(holdingCount)
    }

    private mutating func begin(at time: Duration) {
        start = time
        delivered = 0
        waited = .zero
    }

    private mutating func adaptToWaiting() {
        switch phase {
        case .growing(let before, let earlier) where rate < before * Self.worthwhileGain:
            step = earlier
            phase = .holding(holdingCount)
            holdingCount = min(2 * holdingCount, Self.mostHoldingCount)
        case .growing, .holding(0):
            let earlier = step
            grow()
            phase = step == earlier ? .holding(holdingCount) : .growing(from: rate, with: earlier)
        case .holding(let rest):
            phase = .holding(rest - 1)
        }
    }

    private mutating func adaptToReader() {
        if case .growing = phase { phase = .holding(0) }
        if Double(byteLimit) > rate * Self.slowReaderSeconds { shrink() }
    }

    private mutating func grow() {
        step.byteLimit = max(byteLimit, min(2 * byteLimit, limits.mostByteCount))
        step.fetchLimit = max(fetchLimit, min(2 * fetchLimit, limits.mostFetchCount))
    }

    private mutating func shrink() {
        step.byteLimit = min(byteLimit, max(byteLimit / 2, limits.leastByteCount))
        step.fetchLimit = max(1, fetchLimit / 2)
    }
}
