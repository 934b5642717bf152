import Synchronization

/// Bytes of one transfer: counted by who sends, read by who looks.
final class TransferCounter: Sendable {
    private struct State {
        var byteCount: UInt64 = 0
        /// Bytes of each of the last seconds, where the second's number modulo their count says.
        var seconds = [UInt64](repeating: 0, count: TransferCounter.secondCount + 1)
        /// The second that bytes are counted in.
        var second = 0

        /// Begins a second, and those before it in which nothing came.
        mutating func advance(to second: Int) {
            guard second > self.second else { return }
            for passed in max(self.second + 1, second - seconds.count + 1)...second {
                seconds[passed % seconds.count] = 0
            }
            self.second = second
        }
    }

    /// Whole seconds that a rate is the average of, beside the present one.
    private static let secondCount = 5

    private let begin: ContinuousClock.Instant
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    init(now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.now = now
        begin = now()
    }

    func add(_ byteCount: Int) {
        let second = Int((now() - begin).components.seconds)
        state.withLock { state in
            state.advance(to: second)
            state.byteCount += UInt64(byteCount)
            state.seconds[second % state.seconds.count] += UInt64(byteCount)
        }
    }

    /// Time since it was made.
    var age: Duration { now() - begin }

    var byteCount: UInt64 { state.withLock { $0.byteCount } }

    /// Bytes in a second, on average over the last five, or as long as it is there.
    var bytesPerSecond: Double {
        let age = age
        let second = Int(age.components.seconds)
        let byteCount = state.withLock { state in
            state.advance(to: second)
            return state.seconds.reduce(0, +)
        }
        let elapsed = age / Duration.seconds(1) - Double(max(0, second - Self.secondCount))
        return elapsed > 0 ? Double(byteCount) / elapsed : 0
    }
}
