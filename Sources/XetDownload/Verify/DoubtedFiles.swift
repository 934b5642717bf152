import DequeModule
import Synchronization
import XetCore

/// The files whose bytes were found to be wrong, until a download of the whole has been right.
///
/// Whoever was given wrong bytes before that was found out asks for the rest next, and would take the file for whole
/// with it. A part of a file has no hash of its own, so no part of these is handed out. At most ``mostCount`` are known;
/// those that were noted first are forgotten.
final class DoubtedFiles: Sendable {
    static let mostCount = 4096

    /// A point in the course of events: what happened before another.
    typealias Moment = UInt64

    private struct Doubt {
        /// When the file was last found to be wrong.
        let moment: Moment
        /// Whether the whole has been right since.
        var isCleared = false
    }

    private struct State {
        var doubts: [FileHash: Doubt] = [:]
        /// The same, earliest first; some are out of date.
        var line: Deque<(file: FileHash, moment: Moment)> = []
        var now: Moment = 0
    }

    private let state = Mutex(State())

    init() {}

    /// The present moment.
    var now: Moment { state.withLock { $0.now } }

    /// Whether no part of the file may be handed out.
    func contains(_ file: FileHash) -> Bool {
        state.withLock { $0.doubts[file]?.isCleared == false }
    }

    /// Whether no part of the file may be completed that has been handed out since `beginning`.
    func contains(_ file: FileHash, since beginning: Moment) -> Bool {
        state.withLock { state in
            state.doubts[file].map { !$0.isCleared || $0.moment > beginning } ?? false
        }
    }

    /// Notes that a file was found to be wrong.
    func note(_ file: FileHash) {
        state.withLock { state in
            state.now += 1
            state.doubts[file] = Doubt(moment: state.now)
            state.line.append((file, state.now))
            while state.doubts.count > Self.mostCount || state.line.count > 2 * Self.mostCount {
                guard let first = state.line.popFirst() else { return }
                if state.doubts[first.file]?.moment == first.moment { state.doubts[first.file] = nil }
            }
        }
    }

    /// Notes that the whole of a file was right in a download that began at `beginning`.
    ///
    /// One that began before the file was found to be wrong proves nothing about it.
    func clear(_ file: FileHash, since beginning: Moment) {
        state.withLock { state in
            guard let doubt = state.doubts[file], doubt.moment <= beginning else { return }
            state.doubts[file]?.isCleared = true
        }
    }
}
