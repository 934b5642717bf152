import Synchronization
import XetCore

/// What the cache saved today, by repository; a day begins at midnight in UTC.
final class SavingsBook: Sendable {
    /// What was saved of one repository.
    struct Saving: Sendable {
        let repository: Repository
        var byteCount: UInt64 = 0
        /// Whether somebody got it without a token.
        var isPublic = false
        /// Who got it with one; some of many.
        var callers: Set<CallerMark> = []
    }

    private struct State {
        var day: UInt64 = 0
        var byteCount: UInt64 = 0
        var savings: [Repository: Saving] = [:]
    }

    /// Most repositories that are told apart in a day.
    private static let mostRepositoryCount = 1024
    private static let mostCallerCount = 256
    private static let daySeconds: UInt64 = 86_400

    /// Unix seconds.
    private let now: @Sendable () -> UInt64
    private let state = Mutex(State())

    init(now: @escaping @Sendable () -> UInt64) {
        self.now = now
    }

    /// Notes bytes that nobody had to fetch, and who got them.
    func note(_ byteCount: UInt64, of repository: Repository?, isPublic: Bool, caller: CallerMark?) {
        let day = now() / Self.daySeconds
        state.withLock { state in
            if state.day != day { state = State(day: day) }
            state.byteCount += byteCount
            guard let repository else { return }
            var saving = state.savings[repository] ?? Saving(repository: repository)
            saving.byteCount += byteCount
            saving.isPublic = saving.isPublic || isPublic
            if let caller, saving.callers.count < Self.mostCallerCount { saving.callers.insert(caller) }
            if state.savings[repository] == nil, state.savings.count >= Self.mostRepositoryCount {
                guard let least = state.savings.values.min(by: { $0.byteCount < $1.byteCount }) else { return }
                state.savings[least.repository] = nil
            }
            state.savings[repository] = saving
        }
    }

    /// All of today, and the repositories of which most was saved.
    func top(_ count: Int) -> (byteCount: UInt64, savings: [Saving]) {
        let day = now() / Self.daySeconds
        let today = state.withLock { $0.day == day ? $0 : State() }
        let sorted = today.savings.values.sorted {
            ($1.byteCount, $0.repository.description) < ($0.byteCount, $1.repository.description)
        }
        return (today.byteCount, Array(sorted.prefix(count)))
    }
}
