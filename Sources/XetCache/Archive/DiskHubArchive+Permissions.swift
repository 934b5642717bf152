import XetAccess
import XetCore

extension DiskHubArchive {
    /// Most of whom it is known that they do.
    private static let mostPermissionCount: Int64 = 1_000_000
    /// Most callers and repositories of whom it is known that they do not go together.
    private static let mostRefusalCount: Int64 = 65_536

    public func permit(_ caller: [UInt8]?, _ repository: String, files: Bool) async throws {
        let now = time()
        try await change { database in
            var row = try Self.permission(caller, repository, database) ?? ArchivedPermission(.seen)
            row.note(files: files, at: now)
            try Self.set(row, caller, repository, database)
        }
    }

    public func deny(_ caller: [UInt8]?, _ repository: String, filesAlone: Bool) async throws {
        try await change { database in
            let before = try Self.permission(caller, repository, database)
            let everybody = try Self.permission(nil, repository, database)
            // Who was permitted nothing needs no row: there would be one for each token that anyone makes up.
            guard before != nil || everybody != nil else { return }
            var row = before ?? ArchivedPermission(.refused)
            row.refuse(filesAlone: filesAlone)
            if row != before { try Self.set(row, caller, repository, database) }
        }
    }

    public func isPermitted(_ caller: [UInt8]?, _ repository: String, files: Bool) async throws -> Bool {
        try await with { database in
            let own = try Self.permission(caller, repository, database)?.state
            let everybody = try Self.permission(nil, repository, database)?.state
            return switch own {
            case .refused?: false
            case .files?: true
            case .seenWithoutFiles?: !files
            case .seen?: !files || everybody == .files
            case nil: everybody == .files || !files && (everybody == .seen || everybody == .seenWithoutFiles)
            }
        }
    }

    public func wasPermitted(_ caller: [UInt8]?, _ repository: String, files: Bool, since time: Int64) async throws
        -> Bool
    {
        try await with { database in
            guard let own = try Self.permission(caller, repository, database), own.state != .refused else {
                return false
            }
            return files ? own.state == .files && own.filesTime >= time : own.seenTime >= time
        }
    }

    /// How a caller stands in a row.
    private static func name(_ caller: [UInt8]?) -> [UInt8] { caller.map { [1] + $0 } ?? [0] }

    private static func permission(_ caller: [UInt8]?, _ repository: String, _ database: Database) throws
        -> ArchivedPermission?
    {
        var permission: ArchivedPermission?
        let name = name(caller)
        try database.run(
            "SELECT kept FROM permission WHERE repository = ? AND caller = ?",
            [.text(repository), .bytes(name)]
        ) { row in
            // One that rotted permits nothing.
            let kept = RowSeal([Array(repository.utf8), name]).opened(row.bytes(0))
            permission = kept.flatMap { ArchivedPermission(bytes: $0) } ?? ArchivedPermission(.refused)
        }
        return permission
    }

    private static func set(_ value: ArchivedPermission, _ caller: [UInt8]?, _ repository: String, _ database: Database)
        throws
    {
        let name = name(caller)
        let seal = RowSeal([Array(repository.utf8), name])
        try database.run(
            "INSERT OR REPLACE INTO permission (repository, caller, kept, refused) VALUES (?, ?, ?, ?)",
            [
                .text(repository), .bytes(name), .bytes(seal.sealed(value.bytes)),
                .number(value.state == .refused ? 1 : 0),
            ]
        )
        let last = try database.number("SELECT max(id) FROM permission") ?? 0
        guard last % 1024 == 0 else { return }
        try database.run("DELETE FROM permission WHERE id <= ?", [.number(last - mostPermissionCount)])
        try database.run(
            """
            DELETE FROM permission WHERE id IN
            (SELECT id FROM permission WHERE refused = 1 ORDER BY id DESC LIMIT -1 OFFSET ?)
            """,
            [.number(mostRefusalCount)]
        )
    }
}
