package import XetAccess
package import XetClient
package import XetCore
import XetWire

/// The files of a repository, at one commit, that somebody means.
package struct RepositoryListing: Sendable {
    /// A file of a repository.
    package struct Item: Sendable {
        package let path: RepositoryPath
        package let file: ResolvedFile

        package var byteCount: UInt64 { file.byteCount ?? 0 }
        var claim: ContentClaim { ContentClaim(file) }
    }

    /// Most files that are meant: a listing may go on for as long as who sends it likes.
    private static let mostFileCount = 1 << 20

    private let hub: HubClient
    private let retry: RetryPolicy
    private let repository: Repository
    private let revision: String
    private let token: HubToken?
    private let filter: PathFilter

    /// The files that `filter` means; `retry` is for the pages of a listing.
    package init(
        hub: HubClient,
        retry: RetryPolicy,
        repository: Repository,
        revision: String,
        token: HubToken?,
        filter: PathFilter
    ) {
        self.hub = hub
        self.retry = retry
        self.repository = repository
        self.revision = revision
        self.token = token
        self.filter = filter
    }

    /// The files, by path, and the commit that the revision means now.
    ///
    /// Throws if a path was named that is none, or nothing is meant.
    package func files() async throws -> (items: [Item], commit: String) {
        // Whether there is a Hub is told soon.
        let commit = try await RetryPolicy().run(clock: ContinuousClock()) {
            try await hub.commit(of: repository, revision: revision, token: token)
        }
        let (items, missing) = try await retry.run(clock: ContinuousClock()) { try await listed(at: commit) }
        if let name = missing.min() {
            throw XetError(
                .notFound,
                "there is no file '\(name)' in \(repository) at \(revision); a folder is '\(name)/'"
            )
        }
        guard !items.isEmpty else {
            throw XetError(.notFound, "no file of \(repository) at \(revision) is meant by what was asked for")
        }
        return (items.sorted { $0.path.text < $1.path.text }, commit)
    }

    /// The files that are meant, and the paths that were named and are none.
    private func listed(at commit: String) async throws -> (items: [Item], missing: Set<String>) {
        var items: [Item] = []
        var missing = Set(filter.named.filter(\.isLiteral).map(\.text))
        let hasCommit = repository.kind.hasRevisions
        try await hub.list(repository, revision: commit, token: token) { page in
            missing.subtract(page.lazy.map(\.path))
            for entry in page where filter.matches(entry.path) {
                guard let path = RepositoryPath(entry.path) else {
                    throw XetError(
                        .invalidResponse,
                        "'\(entry.path)' in \(repository) cannot be a file in a folder here"
                    )
                }
                guard items.count < Self.mostFileCount else {
                    throw XetError(
                        .invalidResponse,
                        "\(repository) has more than \(Self.mostFileCount) files that are meant"
                    )
                }
                items.append(Item(path: path, file: ResolvedFile(entry, commit: hasCommit ? commit : nil)))
            }
        }
        return (items, missing)
    }
}
