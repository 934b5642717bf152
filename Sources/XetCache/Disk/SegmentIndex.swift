import Foundation
import GRDB
import XetAccess
import XetCore
import _NIOFileSystem

/// Which chunks are in which segment, and how files are made of chunks: an SQLite database.
///
/// It is written with a log that is not synchronized at each change: a loss of power may take the last seconds, and no more.
/// What it says of bytes that are not on disk shows when they are read, by their checksums.
struct SegmentIndex: Sendable {
    /// A run as it stands in the index, without its records.
    struct Place: Sendable {
        let number: Int64
        let byteCount: Int
        let key: Int
    }

    /// Most parts of files that are remembered; those that came first are forgotten first.
    private static let mostPartCount: Int64 = 1_000_000
    private static let schemaVersion = 1

    private let pool: DatabasePool

    /// Opens the index of a folder, or begins one.
    init(_ path: FilePath) throws {
        var configuration = GRDB.Configuration()
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096")
        }
        pool = try DatabasePool(path: path.string, configuration: configuration)
        try pool.write { database in
            let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            guard version == 0 else {
                guard version == Self.schemaVersion else { throw DatabaseError(message: "schema \(version)") }
                return
            }
            try database.execute(
                sql: """
                    CREATE TABLE run (
                        id INTEGER PRIMARY KEY, xorb BLOB NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
                        place INTEGER NOT NULL, bytes INTEGER NOT NULL
                    );
                    CREATE INDEX run_chunks ON run (xorb, first, count);
                    CREATE TABLE record (id INTEGER PRIMARY KEY, records BLOB NOT NULL);
                    CREATE TABLE part (
                        id INTEGER PRIMARY KEY, file BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
                        terms BLOB NOT NULL
                    );
                    CREATE TABLE opening (count INTEGER NOT NULL);
                    INSERT INTO opening VALUES (0);
                    CREATE UNIQUE INDEX part_range ON part (file, first, last);
                    PRAGMA user_version = \(Self.schemaVersion);
                    """
            )
        }
    }

    /// Closes the database; nothing else is asked of it afterwards.
    func close() throws { try pool.close() }
}

// MARK: Runs

extension SegmentIndex {
    /// All runs, by number.
    func forEachRun(_ body: (Place) -> Void) throws {
        try pool.read { database in
            let rows = try Row.fetchCursor(database, sql: "SELECT id, bytes, xorb, first FROM run ORDER BY id")
            while let row = try rows.next() {
                var hasher = Hasher()
                hasher.combine(row[2] as Data)
                hasher.combine(row[3] as Int)
                body(Place(number: row[0], byteCount: row[1], key: hasher.finalize()))
            }
        }
    }

    /// The first number for new runs: a process that was killed has used none from there on, whatever it left.
    func beginNumbers() throws -> Int64 {
        try pool.write { database in
            let count = try Int64.fetchOne(database, sql: "UPDATE opening SET count = count + 1 RETURNING count") ?? 0
            return count << 32
        }
    }

    /// The runs with some of the chunks, by their first; those that make no sense are given as `damaged`.
    func runs(of xorb: XorbHash, in chunks: ChunkRange) async throws -> (runs: [ChunkRun], damaged: [Int64]) {
        try await pool.read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT run.id, first, count, place, records FROM run JOIN record ON record.id = run.id
                    WHERE xorb = ? AND first < ? AND first + count > ? ORDER BY first
                    """
            )
            let rows = try Row.fetchCursor(
                statement,
                arguments: [Data(xorb.bytes), chunks.end, chunks.start]
            )
            var (runs, damaged): ([ChunkRun], [Int64]) = ([], [])
            while let row = try rows.next() {
                let (number, first, count, place): (Int64, Int, Int, Int64) = (row[0], row[1], row[2], row[3])
                guard count > 0, count <= XorbBuilder.maximumChunkCount, place >= 0,
                    let range = ChunkRange(start: first, end: first + count),
                    let records = RecordCoding.records(in: [UInt8](row[4] as Data), count: count),
                    let contents = ChunkRunContents(
                        xorb: xorb,
                        chunks: range,
                        firstByte: UInt64(place),
                        records: records
                    )
                else {
                    damaged.append(number)
                    continue
                }
                runs.append(ChunkRun(id: ChunkRun.ID(number), contents: contents))
            }
            return (runs, damaged)
        }
    }

    func insert(_ run: ChunkRun) async throws {
        let contents = run.contents
        let (number, xorb, records) = (run.id.number, Data(contents.xorb.bytes), Data(RecordCoding.bytes(of: contents.records)))
        try await pool.write { database in
            try database.cachedStatement(sql: "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)").execute(
                arguments: [
                    number, xorb, contents.chunks.start, contents.chunks.count, Int64(clamping: contents.firstByte),
                    contents.byteCount,
                ]
            )
            try database.cachedStatement(sql: "INSERT INTO record VALUES (?, ?)").execute(arguments: [number, records])
        }
    }

    /// Adds what `records` know to those of a run.
    func note(_ records: [ChunkRecord], of number: Int64) async throws {
        try await pool.write { database in
            let known = try Data.fetchOne(database, sql: "SELECT records FROM record WHERE id = ?", arguments: [number])
            guard let known, var merged = RecordCoding.records(in: [UInt8](known), count: records.count) else { return }
            for index in records.indices { merged[index].add(records[index]) }
            try database.cachedStatement(sql: "UPDATE record SET records = ? WHERE id = ?").execute(
                arguments: [Data(RecordCoding.bytes(of: merged)), number]
            )
        }
    }

    func remove(_ numbers: [Int64]) async throws {
        guard !numbers.isEmpty else { return }
        try await pool.write { database in
            for number in numbers {
                try database.cachedStatement(sql: "DELETE FROM run WHERE id = ?").execute(arguments: [number])
                try database.cachedStatement(sql: "DELETE FROM record WHERE id = ?").execute(arguments: [number])
            }
        }
    }
}

// MARK: Files

extension SegmentIndex {
    func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart? {
        guard let first = Int64(exactly: range.start), let last = Int64(exactly: range.end) else { return nil }
        return try await pool.read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT first, terms FROM part WHERE file = ? AND first <= ? AND last >= ?
                    ORDER BY last - first LIMIT 1
                    """
            )
            let row = try Row.fetchOne(statement, arguments: [Data(file.bytes), first, last])
            return row.flatMap(Self.part)
        }
    }

    func parts(of file: FileHash) async throws -> [FilePart] {
        try await pool.read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT first, terms FROM part WHERE file = ? ORDER BY first, last"
            )
            return try Row.fetchAll(statement, arguments: [Data(file.bytes)]).compactMap(Self.part)
        }
    }

    private static func part(_ row: Row) -> FilePart? {
        let start: Int64 = row[0]
        guard start >= 0, let terms = TermCoding.terms(in: [UInt8](row[1] as Data)) else { return nil }
        return FilePart(start: UInt64(start), terms: terms)
    }

    func insert(_ part: FilePart, of file: FileHash) async throws {
        guard let first = Int64(exactly: part.start), let last = Int64(exactly: part.end),
            let terms = TermCoding.bytes(of: part.terms)
        else { return }
        try await pool.write { database in
            try database.cachedStatement(
                sql: "INSERT OR IGNORE INTO part (file, first, last, terms) VALUES (?, ?, ?, ?)"
            ).execute(arguments: [Data(file.bytes), first, last, Data(terms)])
            let number = database.lastInsertedRowID
            if number % 1024 == 0 {
                try database.execute(sql: "DELETE FROM part WHERE id <= ?", arguments: [number - Self.mostPartCount])
            }
        }
    }

    func forget(_ file: FileHash) async throws {
        try await pool.write { database in
            try database.execute(sql: "DELETE FROM part WHERE file = ?", arguments: [Data(file.bytes)])
        }
    }
}
