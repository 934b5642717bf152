import NIOPosix
import Synchronization
public import XetAccess
import XetCore
import XetStore
import XetWire
package import _NIOFileSystem

/// Keeps answers of the Hub in an SQLite database, the oldest only as long as there is room.
///
/// It belongs to the process that has the folder. Rows that rotted are none. What cannot be read as a database at all is begun anew.
public final class DiskHubArchive: FileArchive {
    /// Most bytes that are kept if nobody says otherwise.
    public static let usualByteLimit = 1 << 30
    /// Most bytes of an answer's body.
    public static let mostBodyByteCount = 32 << 20
    /// Bytes of a row beside its texts, about.
    private static let rowByteCount = 256
    /// Most answers that say that something is missing: anyone can ask for what there is not.
    private static let mostMissingCount: Int64 = 20_000
    /// Bytes of answers that are given at once.
    private static let pageByteCount: Int64 = 8 << 20

    /// A secret that makes hashes of callers' tokens: 32 bytes, the same as long as the archive is.
    public let callerKey: [UInt8]
    /// Most bytes that are kept.
    public let byteLimit: Int
    private let database: Mutex<Database>
    /// The file; `nil` if it is in memory.
    private let path: FilePath?
    let time: @Sendable () -> Int64
    private let noteFailure: @Sendable (any Error) -> Void
    private let threads = NIOThreadPool.singleton
    private let counts: Mutex<Counts>

    private struct Counts {
        var answers: Int64
        var bytes: Int64
        var isDamaged = false
    }

    /// Opens a database, which is begun if there is none.
    ///
    /// `key` makes a secret of 32 bytes, `time` gives Unix seconds. `onLoss` is told when a damaged one is begun anew, `onFailure` of what fails later.
    package static func open(
        _ path: FilePath,
        byteLimit: Int = usualByteLimit,
        time: @escaping @Sendable () -> Int64,
        key: () -> [UInt8],
        onLoss: (any Error) -> Void,
        onFailure: @escaping @Sendable (any Error) -> Void
    ) async throws -> DiskHubArchive {
        let damaged = FilePath("\(path)-damaged")
        do {
            guard try await FileSystem.shared.info(forFileAt: damaged) == nil else { throw HubArchiveError.damaged }
            return try DiskHubArchive(path, byteLimit, time, key, onFailure)
        } catch let error as DatabaseError where error.isDamage {
            onLoss(error)
        } catch let error as HubArchiveError where error.mayBeginAnew {
            onLoss(error)
        }
        for ending in ["", "-wal", "-shm", "-damaged"] { SystemCalls.remove(FilePath("\(path)\(ending)")) }
        return try DiskHubArchive(path, byteLimit, time, key, onFailure)
    }

    /// A database in memory, for a process that has no folder.
    package static func inMemory(
        byteLimit: Int,
        time: @escaping @Sendable () -> Int64,
        key: () -> [UInt8],
        onFailure: @escaping @Sendable (any Error) -> Void
    ) throws -> DiskHubArchive {
        try DiskHubArchive(nil, byteLimit, time, key, onFailure)
    }

    private init(
        _ path: FilePath?,
        _ byteLimit: Int,
        _ time: @escaping @Sendable () -> Int64,
        _ key: () -> [UInt8],
        _ noteFailure: @escaping @Sendable (any Error) -> Void
    ) throws {
        self.path = path
        self.byteLimit = byteLimit
        self.time = time
        self.noteFailure = noteFailure
        database = Mutex(try Self.open(path))
        let made = key()
        let (key, total) = try database.withLock { database in
            (try Self.callerKey(database, made), try Self.total(database))
        }
        callerKey = key
        counts = Mutex(Counts(answers: total.answers, bytes: total.bytes))
    }

    private static func open(_ path: FilePath?) throws -> sending Database {
        guard let path else {
            let database = try Database(":memory:", cacheByteCount: 4 << 20)
            try database.execute(ArchiveSchema.text)
            return database
        }
        // It holds a secret; the files beside it get the same permissions.
        let file = try FileDescriptor.open(
            path,
            .readWrite,
            options: [.create, .noFollow, .closeOnExec],
            permissions: CacheFolder.filePermissions
        )
        try file.close()
        let database = try Database(path.string, cacheByteCount: 4 << 20)
        switch try database.number("PRAGMA user_version") {
        case 0?: try database.execute(ArchiveSchema.text)
        case ArchiveSchema.version?: break
        case let version:
            throw HubArchiveError.otherVersion(version ?? 0, isOlder: (version ?? 0) < ArchiveSchema.version)
        }
        return database
    }

    /// A key that rotted is no key: nobody would be who it was, so the archive is begun anew.
    private static func callerKey(_ database: Database, _ made: [UInt8]) throws -> [UInt8] {
        var rows: [[UInt8]] = []
        try database.run("SELECT secret FROM secret") { rows.append($0.bytes(0)) }
        if let row = rows.first {
            guard let key = ArchiveSchema.secretSeal.opened(row), key.count == 32 else { throw HubArchiveError.damaged }
            return key
        }
        try database.run("INSERT INTO secret VALUES (?)", [.bytes(ArchiveSchema.secretSeal.sealed(made))])
        return made
    }

    /// Answers, and their bytes.
    public var size: (answers: Int, bytes: Int) {
        counts.withLock { (Int(clamping: $0.answers), Int(clamping: $0.bytes)) }
    }

    /// Runs statements that call nobody, one caller at a time, where waiting for a disk holds nobody up.
    func with<Value: Sendable>(
        _ query: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        guard !counts.withLock(\.isDamaged) else { throw HubArchiveError.damaged }
        do {
            return try await threads.runIfActive { [self] in try database.withLock { try query($0) } }
        } catch let error as DatabaseError {
            noteFailure(error)
            if error.isDamage {
                counts.withLock { $0.isDamaged = true }
                // The next process begins anew; if that cannot be noted either, it is found again.
                if let path {
                    try? FileDescriptor.open(
                        FilePath("\(path)-damaged"),
                        .writeOnly,
                        options: [.create, .noFollow, .closeOnExec],
                        permissions: CacheFolder.filePermissions
                    ).close()
                }
            }
            throw error
        }
    }

    func change<Value: Sendable>(
        _ query: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await with { try $0.transaction(query) }
    }
}

// MARK: Answers

extension DiskHubArchive {
    public func answer(to method: String, _ target: String, of repository: String) async throws -> ArchivedAnswer? {
        guard let named = Repository(archiveName: repository) else { return nil }
        let asked = HubTarget(target, of: named)
        return try await with { database in
            let commit = try asked.wantedRevision.flatMap { try Self.commit(of: $0, in: repository, database) }
            for target in [asked] + asked.wider {
                // As the branch was last seen; else as it was asked, where the answer did not say which commit it is about.
                let texts = [commit.map { target.at($0).text }, target.text].compactMap { $0 }
                for text in texts {
                    if let answer = try Self.answer(method, text, of: repository, database) { return answer }
                }
            }
            return nil
        }
    }

    private static func answer(_ method: String, _ text: String, of repository: String, _ database: Database) throws
        -> ArchivedAnswer?
    {
        try answers(
            "SELECT method, target, status, time, headers, body FROM answer WHERE repository = ? AND target = ? AND method = ?",
            [.text(repository), .text(text), .text(method)],
            of: repository,
            database
        ).first
    }

    public func answers(of repository: String, after target: String?) async throws -> [ArchivedAnswer] {
        try await with { database in
            var (targets, bytes): ([[UInt8]], Int64) = ([], 0)
            try database.run(
                """
                SELECT target, sum(bytes) FROM answer WHERE repository = ? AND target > ? GROUP BY target
                ORDER BY target LIMIT 64
                """,
                [.text(repository), .text(target ?? "\0")]
            ) { row in
                if bytes < Self.pageByteCount { targets.append(row.bytes(0)) }
                bytes += row.number(1)
            }
            return try targets.flatMap { target in
                try Self.answers(
                    """
                    SELECT method, target, status, time, headers, body FROM answer WHERE repository = ? AND target = ?
                    ORDER BY method
                    """,
                    [.text(repository), .bytes(target)],
                    of: repository,
                    database
                )
            }
        }
    }

    public func content(_ tag: String, of repository: String) async throws -> ArchivedAnswer? {
        try await with { database in
            try Self.answers(
                """
                SELECT method, target, status, time, headers, body FROM answer WHERE repository = ? AND tag = ?
                ORDER BY id DESC LIMIT 1
                """,
                [.text(repository), .text(tag)],
                of: repository,
                database
            ).first
        }
    }

    public func answer(naming hash: String, of repository: String) async throws -> ArchivedAnswer? {
        guard let hash = FileHash(hash) else { return nil }
        return try await with { database in
            try Self.answers(
                """
                SELECT method, target, status, time, headers, body FROM answer WHERE repository = ? AND hash = ?
                ORDER BY id DESC LIMIT 1
                """,
                [.text(repository), .bytes(hash.bytes)],
                of: repository,
                database
            ).first
        }
    }

    /// Rows of method, target, status, time, headers and body, without those that rotted.
    private static func answers(
        _ sql: StaticString,
        _ values: [Database.Value],
        of repository: String,
        _ database: Database
    ) throws -> [ArchivedAnswer] {
        var answers: [ArchivedAnswer] = []
        try database.run(sql, values) { row in
            let (method, target) = (row.bytes(0), row.bytes(1))
            let (status, time) = (row.number(2), row.number(3))
            let seal = ArchiveSchema.seal(repository, method, target, status: status, time: time)
            guard let methodText = String(validating: method, as: UTF8.self),
                let targetText = String(validating: target, as: UTF8.self),
                let headers = seal.opened(row.bytes(4)).flatMap(HeaderCoding.headers),
                let body = seal.opened(row.bytes(5))
            else { return }
            answers.append(
                ArchivedAnswer(
                    repository: repository,
                    method: methodText,
                    target: targetText,
                    status: Int(clamping: status),
                    headers: headers,
                    body: body,
                    time: time
                )
            )
        }
        return answers
    }

    public func keep(_ answers: [ArchivedAnswer]) async throws {
        let limit = Int64(clamping: byteLimit)
        let kept = answers.compactMap { answer in
            answer.body.count <= Self.mostBodyByteCount && answer.body.count < byteLimit / 2
                ? Repository(archiveName: answer.repository).map { (answer, AnswerFacts(answer, of: $0)) } : nil
        }
        guard !kept.isEmpty else { return }
        let after = try await change { database in
            for (answer, facts) in kept {
                try Self.insert(answer, facts, database)
                try Self.note(facts.commits, of: answer.repository, time: answer.time, database)
            }
            try Self.dropMissing(database)
            return try Self.trim(to: limit, database)
        }
        counts.withLock { ($0.answers, $0.bytes) = after }
    }

    private static func insert(_ answer: ArchivedAnswer, _ facts: AnswerFacts, _ database: Database) throws {
        let target = facts.target.text
        if let tag = facts.contentTag, case .file = facts.target.subject {
            // The same content under another commit is found by its tag.
            try database.run(
                "DELETE FROM answer WHERE repository = ? AND tag = ? AND target != ? AND isFile = 1",
                [.text(answer.repository), .text(tag), .text(target)]
            )
        }
        let seal = ArchiveSchema.seal(
            answer.repository,
            Array(answer.method.utf8),
            Array(target.utf8),
            status: Int64(answer.status),
            time: answer.time
        )
        let headers = seal.sealed(HeaderCoding.bytes(of: answer.headers))
        let body = seal.sealed(answer.body)
        let isFile = if case .file = facts.target.subject { true } else { false }
        try database.run(
            "DELETE FROM answer WHERE repository = ? AND target = ? AND method = ?",
            [.text(answer.repository), .text(target), .text(answer.method)]
        )
        try database.run(
            """
            INSERT INTO answer (repository, target, method, status, time, headers, body, tag, hash, isFile, bytes)
            VALUES (?, ?, ?, ?, ?, ?, ?, NULLIF(?, x''), NULLIF(?, x''), ?, ?)
            """,
            [
                .text(answer.repository), .text(target), .text(answer.method), .number(Int64(answer.status)),
                .number(answer.time), .bytes(headers), .bytes(body), .text(facts.contentTag ?? ""),
                .bytes(facts.fileHash?.bytes ?? []), .number(isFile ? 1 : 0),
                .number(Int64(headers.count + body.count + target.utf8.count + rowByteCount)),
            ]
        )
    }

    private static func dropMissing(_ database: Database) throws {
        let count = try database.number("SELECT missing FROM total") ?? 0
        guard count > mostMissingCount else { return }
        // A tenth at once, so that it is seldom.
        try database.run(
            "DELETE FROM answer WHERE id IN (SELECT id FROM answer WHERE status >= 400 ORDER BY id LIMIT ?)",
            [.number(count - mostMissingCount / 10 * 9)]
        )
    }

    /// Drops what is oldest until there is room; returns what is left.
    private static func trim(to limit: Int64, _ database: Database) throws -> (answers: Int64, bytes: Int64) {
        var (answers, bytes) = try total(database)
        if bytes > limit {
            var last: Int64 = 0
            // A tenth at once, so that it is seldom.
            try database.run("SELECT id, bytes FROM answer ORDER BY id") { row in
                guard bytes > limit / 10 * 9 else { return }
                bytes -= row.number(1)
                last = row.number(0)
            }
            try database.run("DELETE FROM answer WHERE id <= ?", [.number(last)])
            (answers, bytes) = try total(database)
        }
        return (answers, bytes)
    }

    private static func total(_ database: Database) throws -> (answers: Int64, bytes: Int64) {
        (
            try database.number("SELECT answers FROM total") ?? 0,
            try database.number("SELECT bytes FROM total") ?? 0
        )
    }
}

extension Database.Value {
    /// A text, as its UTF-8.
    static func text(_ text: String) -> Database.Value { .bytes(Array(text.utf8)) }
}
