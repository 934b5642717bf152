extension DiskHubArchive {
    /// Most branches and tags.
    private static let mostReferenceCount: Int64 = 1_000_000

    public func commit(of revision: String, in repository: String) async throws -> String? {
        try await with { try Self.commit(of: revision, in: repository, $0) }
    }

    static func commit(of revision: String, in repository: String, _ database: Database) throws -> String? {
        var commit: String?
        try database.run(
            "SELECT kept FROM reference WHERE repository = ? AND name = ?",
            [.text(repository), .text(revision)]
        ) { row in
            let seal = RowSeal([Array(repository.utf8), Array(revision.utf8)])
            commit = seal.opened(row.bytes(0)).flatMap { String(validating: $0, as: UTF8.self) }
        }
        return commit
    }

    /// Notes where branches are, unless that is known from a later moment.
    static func note(
        _ commits: [String: String],
        of repository: String,
        time: Int64,
        _ database: Database
    ) throws {
        guard !commits.isEmpty else { return }
        for (name, commit) in commits {
            let seal = RowSeal([Array(repository.utf8), Array(name.utf8)])
            try database.run(
                """
                INSERT INTO reference (repository, name, kept, time) VALUES (?, ?, ?, ?) ON CONFLICT (repository, name)
                DO UPDATE SET kept = excluded.kept, time = excluded.time WHERE time <= excluded.time
                """,
                [.text(repository), .text(name), .bytes(seal.sealed(Array(commit.utf8))), .number(time)]
            )
        }
        let last = try database.number("SELECT max(id) FROM reference") ?? 0
        try database.run("DELETE FROM reference WHERE id <= ?", [.number(last - mostReferenceCount)])
    }

    public func forget(_ repository: String) async throws {
        try await change { database in
            try database.run("DELETE FROM reference WHERE repository = ?", [.text(repository)])
            try database.run("DELETE FROM permission WHERE repository = ?", [.text(repository)])
        }
    }
}
