import Synchronization
package import XetAccess

/// Answers of the Hub in memory.
package final class MemoryHubArchive: HubArchive {
    package struct Failure: Error {
        package init() {}
    }

    private struct State {
        var answers: [ArchivedAnswer] = []
        var permitted: Set<String> = []
        var isFailing = false
    }

    private let state = Mutex(State())

    package init() {}

    /// All answers, by target.
    package var answers: [ArchivedAnswer] { state.withLock { $0.answers } }

    /// Has everything that is kept from now on fail.
    package var isFailing: Bool {
        get { state.withLock { $0.isFailing } }
        set { state.withLock { $0.isFailing = newValue } }
    }

    package func answer(to method: String, _ target: String, of repository: String) async throws -> ArchivedAnswer? {
        answers.first { $0.method == method && $0.target == target && $0.repository == repository }
    }

    package func answers(of repository: String, after target: String?) async throws -> [ArchivedAnswer] {
        let rest = answers.filter { $0.repository == repository && $0.target > target ?? "" }
        return rest.first.map { first in rest.filter { $0.target == first.target } } ?? []
    }

    package func keep(_ answers: [ArchivedAnswer]) async throws {
        try state.withLock { state in
            if state.isFailing { throw Failure() }
            state.answers.removeAll { old in
                answers.contains {
                    $0.method == old.method && $0.target == old.target && $0.repository == old.repository
                }
            }
            state.answers = (state.answers + answers).sorted { $0.target < $1.target }
        }
    }

    package func permit(_ caller: [UInt8]?, _ repository: String, files: Bool) async throws {
        state.withLock { _ = $0.permitted.insert(repository) }
    }

    package func deny(_ caller: [UInt8]?, _ repository: String, filesAlone: Bool) async throws {
        state.withLock { _ = $0.permitted.remove(repository) }
    }

    package func isPermitted(_ caller: [UInt8]?, _ repository: String, files: Bool) async throws -> Bool {
        state.withLock { $0.permitted.contains(repository) }
    }

    package func forget(_ repository: String) async throws {
        state.withLock { _ = $0.permitted.remove(repository) }
    }
}
