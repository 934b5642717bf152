import Synchronization
import XetAccess
import XetCore

/// Which repositories are everybody's to know: those that the Hub shows to who has no token.
final class PublicRepositories: Sendable {
    private struct Answer {
        let isPublic: Bool
        let time: ContinuousClock.Instant
    }

    private struct State {
        var answers: [Repository: Answer] = [:]
        var isAsking = false
    }

    /// How long an answer counts.
    private static let lifetime = Duration.seconds(600)
    /// Most answers that are remembered.
    private static let mostAnswerCount = 1024

    /// Whether the Hub shows a repository to anybody; `nil` if it does not say.
    private let ask: @Sendable (Repository) async -> Bool?
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        ask: @escaping @Sendable (Repository) async -> Bool?
    ) {
        self.now = now
        self.ask = ask
    }

    /// Those that are known to be public.
    var known: Set<Repository> {
        let now = now()
        return state.withLock { state in
            Set(state.answers.filter { $0.value.isPublic && now - $0.value.time < Self.lifetime }.keys)
        }
    }

    /// Asks about the first repository that nothing is known of, unless somebody asks already.
    ///
    /// What is looked at often asks the Hub about each repository once in ten minutes, and about one at a time.
    func learn(_ repositories: some Sequence<Repository>) async {
        let now = now()
        let unknown = state.withLock { state -> Repository? in
            guard !state.isAsking,
                let unknown = repositories.first(where: { repository in
                    state.answers[repository].map { now - $0.time >= Self.lifetime } ?? true
                })
            else { return nil }
            state.isAsking = true
            return unknown
        }
        guard let unknown else { return }
        let isPublic = await ask(unknown) ?? false
        // Whoever has left has not heard the answer.
        let isAnswered = !Task.isCancelled
        state.withLock { state in
            state.isAsking = false
            guard isAnswered else { return }
            if state.answers.count >= Self.mostAnswerCount { state.answers = [:] }
            state.answers[unknown] = Answer(isPublic: isPublic, time: now)
        }
    }
}
