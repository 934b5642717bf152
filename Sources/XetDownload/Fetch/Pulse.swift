import Synchronization

/// What was waited for, and what came of it; time in which nobody waits does not count.
///
/// A GET waits for bytes, or a download for its reader.
final class Pulse: Sendable {
    /// The state at one time.
    struct Reading {
        /// How long the present wait has lasted.
        let silence: Duration
        /// All waits.
        let waited: Duration
        let byteCount: Int
    }

    private struct State {
        var waited = Duration.zero
        var byteCount = 0
        var waitStart: Duration?
    }

    private let watch: Stopwatch
    private let state = Mutex(State())

    init(_ watch: Stopwatch) {
        self.watch = watch
    }

    /// How things stand now.
    var reading: Reading {
        let now = watch.elapsed
        return state.withLock { state in
            let silence = state.waitStart.map { max(.zero, now - $0) } ?? .zero
            return Reading(silence: silence, waited: state.waited + silence, byteCount: state.byteCount)
        }
    }

    /// Bytes are asked for from now on.
    func beginWait() {
        let now = watch.elapsed
        state.withLock { $0.waitStart = now }
    }

    /// Bytes came.
    func endWait(byteCount: Int) {
        let now = watch.elapsed
        state.withLock { state in
            if let start = state.waitStart.take() { state.waited += now - start }
            state.byteCount += byteCount
        }
    }
}
