import XetCore

/// All repositories that are served.
struct Catalog: Sendable {
    private let snapshots: [Repository: RepositorySnapshot]

    init(_ snapshots: [RepositorySnapshot]) {
        self.snapshots = Dictionary(uniqueKeysWithValues: snapshots.map { ($0.repository, $0) })
    }

    func snapshot(_ repository: Repository) -> RepositorySnapshot? { snapshots[repository] }

    var repositoryCount: Int { snapshots.count }
    var fileCount: Int { snapshots.values.reduce(0) { $0 + $1.files.count } }
}
