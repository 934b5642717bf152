import Synchronization
import XetCore

/// All repositories that are served, and what they held before they changed.
///
/// A request takes a snapshot once and works with it, whatever changes meanwhile.
final class Catalog: Sendable {
    /// Most files of all former snapshots; the oldest snapshots go first.
    static let maximumFormerFileCount = 100_000
    /// Most former snapshots.
    static let maximumFormerCount = 1000

    private struct State {
        var snapshots: [Repository: RepositorySnapshot] = [:]
        /// Names without case, to the names that they stand for.
        var names: [Repository: Repository] = [:]
        /// What was served before, the oldest first.
        var former: [RepositorySnapshot] = []
    }

    private let state: Mutex<State>

    init() {
        state = Mutex(State())
    }

    /// Serves these repositories and no others from now on, all at once.
    ///
    /// What was served is remembered, except at the start.
    func publish(_ snapshots: [RepositorySnapshot], isStart: Bool = false) {
        let next = Dictionary(uniqueKeysWithValues: snapshots.map { ($0.repository, $0) })
        var names: [Repository: Repository] = [:]
        for repository in next.keys.sorted(by: { $0.description < $1.description }) {
            if let name = repository.withoutCase, names[name] == nil { names[name] = repository }
        }
        state.withLock { state in
            for (repository, old) in state.snapshots where !isStart && next[repository]?.commit != old.commit {
                state.former.append(old)
            }
            // What is served again is not of the past.
            state.former.removeAll { next[$0.repository]?.commit == $0.commit }
            var fileCount = state.former.reduce(0) { $0 + $1.files.count }
            while let oldest = state.former.first,
                fileCount > Self.maximumFormerFileCount || state.former.count > Self.maximumFormerCount
            {
                fileCount -= oldest.files.count
                state.former.removeFirst()
            }
            state.snapshots = next
            state.names = names
        }
    }

    func snapshot(_ repository: Repository) -> RepositorySnapshot? { state.withLock { $0.snapshots[repository] } }

    /// What a repository holds, or held, at a revision.
    func snapshot(_ repository: Repository, revision: String) -> RepositorySnapshot? {
        state.withLock { state in
            guard let current = state.snapshots[repository] else { return nil }
            if current.has(revision: revision) { return current }
            return state.former.last { $0.repository == repository && $0.commit == revision }
        }
    }

    /// A snapshot and those before it that are still known, the newest first.
    func history(of snapshot: RepositorySnapshot) -> [RepositorySnapshot] {
        let former = state.withLock { state in state.former.filter { $0.repository == snapshot.repository } }
        guard let position = former.lastIndex(where: { $0.commit == snapshot.commit }) else {
            return [snapshot] + former.reversed()
        }
        return former[...position].reversed()
    }

    /// The repository that a name means if case has no meaning.
    func repository(withoutCase repository: Repository) -> Repository? {
        repository.withoutCase.flatMap { name in state.withLock { $0.names[name] } }
    }

    /// Whether a file of the repository has this hash, or had it.
    func contains(_ file: FileHash, in repository: Repository) -> Bool {
        state.withLock { state in
            guard let current = state.snapshots[repository] else { return false }
            return current.contains(file)
                || state.former.contains { $0.repository == repository && $0.contains(file) }
        }
    }

    /// The repositories of a kind, sorted by name.
    func snapshots(_ kind: RepositoryKind) -> [RepositorySnapshot] {
        state.withLock { Array($0.snapshots.values) }.filter { $0.repository.kind == kind }
            .sorted { $0.repository.name < $1.repository.name }
    }

    var repositoryCount: Int { state.withLock { $0.snapshots.count } }
    var fileCount: Int { state.withLock { $0.snapshots.values.reduce(0) { $0 + $1.files.count } } }
}

extension Repository {
    /// The same name in lower case; names are ASCII.
    fileprivate var withoutCase: Repository? { Repository(kind: kind, name: name.lowercased()) }
}
