/// How far one download runs ahead of its reader: how many bytes it has on the way or in memory, over how many GETs.
///
/// It begins with as much as the distance of the CAS suggests: over a long line bytes are on the way for long, and to
/// find that out by trying would take a good part of a download. While the reader has to wait, it takes twice as much, and
/// keeps that if it was faster; if not, it goes back and tries again much later. A reader that never waits has what it
/// takes while more is fetched, down to a few chunks: many of them leave a quick one nearly all.
struct Pace: Sendable {
    /// Where it starts and ends.
    struct Limits: Hashable, Sendable {
        /// Bytes that a slow reader has.
        var leastByteCount = 256 << 10
        /// Bytes of the start, if the CAS is near.
        var firstByteCount = 32 << 20
        /// The same if it is at ``distance`` or more.
        var distantByteCount = 160 << 20
        /// Most bytes, if the CAS is near.
        var nearMostByteCount = 64 << 20
        /// The same if it is at ``distance`` or more.
        var mostByteCount = 192 << 20
        /// GETs at once at the start, if the CAS is near.
        var firstFetchCount = 4
        /// The same if it is at ``distance`` or more.
        var distantFetchCount = 64
        /// Most GETs at once, if the CAS is near: a range costs a request to the CAS, which tells there.
        var nearMostFetchCount = 32
        /// The same if it is at ``distance`` or more.
        var mostFetchCount = 64
        /// How long the first answer takes at most from a CAS that is near.
        var proximity = Duration.milliseconds(10)
        /// How long it takes from one that is far away; between here and there it is in proportion.
        var distance = Duration.milliseconds(40)
        /// Bytes that a GET must have for another to be worth its connection.
        var leastByteCountPerFetch = 1 << 20

        /// Windows of a grid that a download begins with, and has at most, where the CAS is near.
        private static let firstCellCount = 8
        private static let mostCellCount = 16

        /// The same with room for some windows of `gridByteCount` bytes: as each is a GET, few of them at once are slow where
        /// connections are.
        func holdingCells(of gridByteCount: Int) -> Limits {
            var limits = self
            limits.firstByteCount = max(firstByteCount, Self.firstCellCount * gridByteCount)
            limits.nearMostByteCount = max(nearMostByteCount, Self.mostCellCount * gridByteCount)
            limits.firstFetchCount = max(firstFetchCount, Self.firstCellCount)
            return limits
        }

        /// The same with at most `byteCount` bytes.
        func bounded(by byteCount: Int) -> Limits {
            var limits = self
            limits.leastByteCount = min(leastByteCount, byteCount)
            limits.firstByteCount = min(firstByteCount, byteCount)
            limits.distantByteCount = min(distantByteCount, byteCount)
            limits.nearMostByteCount = min(nearMostByteCount, byteCount)
            limits.mostByteCount = min(mostByteCount, byteCount)
            return limits
        }
    }

    typealias Wish = BudgetStateMachine.Wish

    private enum Phase {
        /// More was just given, and what comes was still asked for before; with that wish so many bytes came in a second.
        case settling(from: Double, with: Wish)
        /// What comes was asked for since more was given.
        case growing(from: Double, with: Wish)
        /// Nothing changes for so many measurements.
        case holding(Int)
    }

    /// A time that is long enough to measure a rate, if bytes for the whole wish were delivered meanwhile.
    private static let leastMeasurement = Duration.milliseconds(50)
    /// A time that is long enough in any case.
    private static let mostMeasurement = Duration.seconds(1)
    /// Part of a measurement that a reader must have waited for more to be of use.
    private static let waitingPart = 0.05
    /// Times as fast that twice as much must be to be kept.
    private static let worthwhileGain = 1.15
    /// Measurements until more is tried again, the first time; it doubles up to the most.
    private static let firstHoldingCount = 8
    private static let mostHoldingCount = 128
    /// A reader that does not wait has what it takes in so long, and in so many times what the CAS takes for an answer.
    private static let leastReserve = Duration.milliseconds(250)
    private static let reserveAnswerCount = 4

    /// Nobody has more than is delivered in so many seconds.
    private static let mostReserveSeconds = 4.0

    private let limits: Limits
    private let reserve: Duration
    /// Most that it may want.
    private let most: Wish
    private var phase: Phase
    private var holdingCount = Self.firstHoldingCount
    private var start: Duration?
    private var delivered = 0
    private var waited = Duration.zero

    /// What it wants.
    private(set) var wish: Wish
    /// Bytes delivered in a second, at the last measurement; 0 before that.
    private(set) var rate = 0.0

    /// `latency` is how long the CAS took for its first answer.
    init(_ limits: Limits, latency: Duration = .zero) {
        self.limits = limits
        reserve = Self.leastReserve + min(latency, .seconds(1)) * Self.reserveAnswerCount
        let part = max(0, min(1, (latency - limits.proximity) / (limits.distance - limits.proximity)))
        func between(_ near: Int, _ far: Int) -> Int { near + Int(Double(far - near) * part) }
        wish = Wish(
            byteCount: between(limits.firstByteCount, limits.distantByteCount),
            fetchCount: between(limits.firstFetchCount, limits.distantFetchCount)
        )
        most = Wish(
            byteCount: between(limits.nearMostByteCount, limits.mostByteCount),
            fetchCount: between(limits.nearMostFetchCount, limits.mostFetchCount)
        )
        phase = .settling(from: 0, with: wish)
    }

    /// Notes that the reader waited for bytes.
    mutating func noteWait(of duration: Duration) {
        waited += duration
    }

    /// Notes delivered bytes at `time`, which counts from anywhere; returns whether the wish changed.
    mutating func noteDelivery(of byteCount: Int, at time: Duration) -> Bool {
        delivered += byteCount
        guard let start else {
            // What the first bytes waited for is no measure: Hub and CAS had their part in it.
            begin(at: time)
            return false
        }
        let elapsed = time - start
        guard elapsed >= (delivered >= measuredByteCount ? Self.leastMeasurement : Self.mostMeasurement) else {
            return false
        }
        rate = Double(delivered) / (elapsed / .seconds(1))
        let hasWaited = waited / elapsed >= Self.waitingPart
        begin(at: time)
        let before = wish
        if hasWaited { adaptToWaiting() } else { adaptToReader() }
        limit(to: rate * Self.mostReserveSeconds)
        return wish != before
    }

    /// Notes that an upstream asked for less, or failed under load.
    mutating func noteCongestion() {
        wish.fetchCount = max(1, wish.fetchCount / 2)
        phase = .holding(holdingCount)
    }

    /// Notes what a reader took of a window that it was given by itself, since it had paused; returns whether it is quick.
    ///
    /// A slow one gets as much the next time, another four times as much until it has what everybody begins with.
    mutating func noteWindow(of byteCount: Int, isSlow: Bool) -> Bool {
        rate = 0
        start = nil
        phase = .growing(from: 0, with: wish)
        let taken = min(max(byteCount, limits.leastByteCount), limits.firstByteCount)
        let isQuick = !isSlow && taken >= limits.firstByteCount / 4
        wish.byteCount = isSlow ? taken : min(4 * taken, limits.firstByteCount)
        wish.fetchCount = isQuick ? limits.firstFetchCount : 1
        return isQuick
    }

    private mutating func begin(at time: Duration) {
        start = time
        delivered = 0
        waited = .zero
    }

    /// Bytes that a measurement takes: all that was on the way when it began.
    private var measuredByteCount: Int {
        if case .settling(_, let earlier) = phase { earlier.byteCount } else { wish.byteCount }
    }

    private mutating func adaptToWaiting() {
        switch phase {
        case _ where wish.byteCount < limits.firstByteCount:
            // It had been slow: what everybody begins with needs no reason.
            scale(by: 4, upTo: Wish(byteCount: limits.firstByteCount, fetchCount: limits.firstFetchCount))
            phase = .growing(from: 0, with: wish)
        case .settling(let before, let earlier):
            phase = .growing(from: before, with: earlier)
        case .growing(let before, let earlier) where rate < before * Self.worthwhileGain:
            wish = earlier
            phase = .holding(holdingCount)
            holdingCount = min(2 * holdingCount, Self.mostHoldingCount)
        case .growing, .holding(0):
            let earlier = wish
            scale(by: 2, upTo: most)
            phase = wish == earlier ? .holding(holdingCount) : .settling(from: rate, with: earlier)
        case .holding(let rest):
            phase = .holding(rest - 1)
        }
    }

    private mutating func adaptToReader() {
        switch phase {
        case .settling, .growing: phase = .holding(0)
        case .holding: break
        }
        limit(to: rate * (reserve / .seconds(1)))
    }

    private mutating func limit(to byteCount: Double) {
        let most = max(limits.leastByteCount, Int(min(byteCount, Double(most.byteCount))))
        guard most < wish.byteCount else { return }
        wish.fetchCount = max(1, min(wish.fetchCount, most / limits.leastByteCountPerFetch))
        wish.byteCount = most
    }

    private mutating func scale(by factor: Int, upTo most: Wish) {
        wish.byteCount = max(wish.byteCount, min(factor * wish.byteCount, most.byteCount))
        wish.fetchCount = max(wish.fetchCount, min(factor * wish.fetchCount, most.fetchCount))
    }
}
