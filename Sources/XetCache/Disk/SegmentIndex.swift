import NIOPosix
import Synchronization
import XetAccess
import XetCore
import _NIOFileSystem

/// Which chunks are in which segment, and how files are made of chunks: an SQLite database.
///
/// It is written with a log that is not synchronized at each change: a loss of power may take the last seconds, and no more.
/// What it says of bytes that are not on disk shows when they are read, by their checksums.
final class SegmentIndex: Sendable {
    /// A run as it stands in the index, without its records.
    struct Place: Sendable {
        let number: Int64
        let byteCount: Int
        /// Whether all its chunks are.
        let isProven: Bool
    }

    /// Most parts of files that are remembered; those that came first are forgotten first.
    private static let mostPartCount: Int64 = 1_000_000
    private static let schemaVersion: Int64 = 2
    /// Connections that read at the same time.
    private static let readerCount = 4
    private static let cacheByteCount = 4 << 20

    /// A connection for whoever has its turn.
    private final class Connection: Sendable {
        let database: Mutex<Database>

        init(_ database: sending Database) {
            self.database = Mutex(database)
        }
    }

    private let writer: Connection
    private let readers: [Connection]
    private let nextReader = Atomic<Int>(0)
    /// Where a database is waited for, which may take as long as a disk does.
    private let threads: NIOThreadPool

    /// Opens the index of a folder, or begins one; what is no index is an error that is ``DatabaseError/isDamage``.
    init(_ path: FilePath, _ threads: NIOThreadPool) throws {
        self.threads = threads
        writer = Connection(try Self.open(path))
        readers = try (0..<Self.readerCount).map { _ in
            Connection(try Database(path.string, cacheByteCount: Self.cacheByteCount))
        }
    }

    private static func open(_ path: FilePath) throws -> sending Database {
        let database = try Database(path.string, cacheByteCount: cacheByteCount)
        switch try database.number("PRAGMA user_version") {
        case 0?: try database.execute(schema)
        case schemaVersion?: break
        case let version?: throw SegmentIndexError.otherVersion(version, isOlder: version < schemaVersion)
        case nil: throw SegmentIndexError.otherVersion(0, isOlder: false)
        }
        return database
    }

    private static let schema = """
        BEGIN;
        CREATE TABLE run (
            id INTEGER PRIMARY KEY, xorb BLOB NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL,
            place INTEGER NOT NULL, bytes INTEGER NOT NULL, time INTEGER NOT NULL, proven INTEGER NOT NULL
        );
        CREATE INDEX run_chunks ON run (xorb, first, count);
        CREATE TABLE record (id INTEGER PRIMARY KEY, records BLOB NOT NULL);
        CREATE TABLE part (
            id INTEGER PRIMARY KEY, file BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, terms BLOB NOT NULL
        );
        CREATE UNIQUE INDEX part_range ON part (file, first, last);
        CREATE TABLE opening (count INTEGER NOT NULL);
        INSERT INTO opening VALUES (0);
        PRAGMA user_version = \(schemaVersion);
        COMMIT;
        """

    /// Runs statements of this file, which call nobody, on a connection that nobody else uses meanwhile.
    private func read<Value: Sendable>(
        _ query: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        let number = nextReader.wrappingAdd(1, ordering: .relaxed).newValue
        return try await threads.runIfActive { [self] in
            try readers[(number & .max) % readers.count].database.withLock { try query($0) }
        }
    }

    private func write<Value: Sendable>(
        _ query: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await threads.runIfActive { [self] in
            try writer.database.withLock { try $0.transaction(query) }
        }
    }
}

// MARK: Runs

extension SegmentIndex {
    /// How many runs there are; it takes as long as it does.
    func runCount() throws -> Int {
        try readers[0].database.withLock { Int(try $0.number("SELECT count(*) FROM run") ?? 0) }
    }

    /// The runs behind a number, by number, at most so many.
    func runs(after number: Int64, _ count: Int) throws -> [Place] {
        try readers[0].database.withLock { database in
            var places: [Place] = []
            try database.run(
                "SELECT id, bytes, proven FROM run WHERE id > ? ORDER BY id LIMIT ?",
                [.number(number), .number(Int64(count))]
            ) { places.append(Place($0)) }
            return places
        }
    }

    /// The first number for new runs: a process that was killed has used none from there on, whatever it left.
    func beginNumbers() throws -> Int64 {
        try writer.database.withLock { database in
            try database.run("UPDATE opening SET count = count + 1")
            return (try database.number("SELECT count FROM opening") ?? 0) << 32
        }
    }

    /// The runs with some of the chunks, by their first; those that make no sense are given as `damaged`.
    func runs(of xorb: XorbHash, in chunks: ChunkRange) async throws -> (runs: [ChunkRun], damaged: [Int64]) {
        try await read { database in
            var (runs, damaged): ([ChunkRun], [Int64]) = ([], [])
            try database.run(
                """
                SELECT run.id, first, count, place, records FROM run JOIN record ON record.id = run.id
                WHERE xorb = ? AND first < ? AND first + count > ? ORDER BY first
                """,
                [.bytes(xorb.bytes), .number(Int64(chunks.end)), .number(Int64(chunks.start))]
            ) { row in
                let number = row.number(0)
                if let run = Self.run(number, xorb, row) { runs.append(run) } else { damaged.append(number) }
            }
            return (runs, damaged)
        }
    }

    private static func run(_ number: Int64, _ xorb: XorbHash, _ row: borrowing Database.Row) -> ChunkRun? {
        let seal = RowSeal(run: number, xorb, first: row.number(1), count: row.number(2), place: row.number(3))
        let (first, count, place) = (Int(row.number(1)), Int(row.number(2)), row.number(3))
        guard (0..<XorbBuilder.maximumChunkCount).contains(first), (1...XorbBuilder.maximumChunkCount).contains(count),
            let chunks = ChunkRange(start: first, end: first + count),
            let bytes = seal.opened(row.bytes(4)), let records = RecordCoding.records(in: bytes, count: count),
            let firstByte = UInt64(exactly: place),
            let contents = ChunkRunContents(xorb: xorb, chunks: chunks, firstByte: firstByte, records: records)
        else { return nil }
        return ChunkRun(id: ChunkRun.ID(number), contents: contents)
    }

    /// When the oldest run was kept, in Unix seconds; `nil` if there is none.
    func oldest() throws -> Int64? {
        try readers[0].database.withLock { database in
            try database.number("SELECT time FROM run ORDER BY id LIMIT 1")
        }
    }

    /// Adds a run that was kept at `time`, in Unix seconds.
    func insert(_ run: ChunkRun, time: Int64) async throws {
        try await write { database in try Self.insert(run, time: time, database) }
    }

    private static func insert(_ run: ChunkRun, time: Int64, _ database: Database) throws {
        let (number, contents) = (run.id.number, run.contents)
        try database.run(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .number(number), .bytes(contents.xorb.bytes), .number(Int64(contents.chunks.start)),
                .number(Int64(contents.chunks.count)), .number(Int64(clamping: contents.firstByte)),
                .number(Int64(contents.byteCount)), .number(time), .number(contents.isProven ? 1 : 0),
            ]
        )
        try database.run(
            "INSERT INTO record VALUES (?, ?)",
            [.number(number), .bytes(RowSeal(run).sealed(RecordCoding.bytes(of: contents.records)))]
        )
    }

    /// Adds what `records` know to those of a run; returns whether that is what proves it.
    func note(_ records: [ChunkRecord], of number: Int64) async throws -> Bool {
        try await write { database in
            guard var contents = try Self.run(number, database)?.contents, contents.records.count == records.count
            else {
                return false
            }
            let wasProven = contents.isProven
            for index in records.indices { contents.records[index].add(records[index]) }
            let seal = RowSeal(ChunkRun(id: ChunkRun.ID(number), contents: contents))
            try database.run(
                "UPDATE record SET records = ? WHERE id = ?",
                [.bytes(seal.sealed(RecordCoding.bytes(of: contents.records))), .number(number)]
            )
            guard !wasProven, contents.isProven else { return false }
            try database.run("UPDATE run SET proven = 1 WHERE id = ?", [.number(number)])
            return true
        }
    }

    /// Removes runs; returns those that were there.
    func remove(_ numbers: [Int64]) async throws -> [Place] {
        guard !numbers.isEmpty else { return [] }
        return try await write { database in
            var removed: [Place] = []
            for number in numbers {
                try database.run("SELECT id, bytes, proven FROM run WHERE id = ?", [.number(number)]) { row in
                    removed.append(Place(row))
                }
                try database.run("DELETE FROM run WHERE id = ?", [.number(number)])
                try database.run("DELETE FROM record WHERE id = ?", [.number(number)])
            }
            return removed
        }
    }

    /// A run by its number; `nil` if it is not there, or damaged.
    func run(_ number: Int64) async throws -> ChunkRun? {
        try await read { database in try Self.run(number, database) }
    }

    private static func run(_ number: Int64, _ database: Database) throws -> ChunkRun? {
        var run: ChunkRun?
        try database.run(
            """
            SELECT run.id, first, count, place, records, xorb FROM run JOIN record ON record.id = run.id
            WHERE run.id = ?
            """,
            [.number(number)]
        ) { row in
            if let xorb = XorbHash(bytes: row.bytes(5).rawSpan) { run = Self.run(number, xorb, row) }
        }
        return run
    }

    /// How many chunks there are, and files of which some terms are known.
    func counts() async throws -> (chunks: Int, files: Int) {
        try await read { database in
            let chunks = try database.number("SELECT sum(count) FROM run") ?? 0
            let files = try database.number("SELECT count(DISTINCT file) FROM part") ?? 0
            return (Int(chunks), Int(files))
        }
    }
}

// MARK: Taking over another index

extension SegmentIndex {
    /// Runs and parts that are taken over at once.
    private static let adoptedCount = 1024

    /// Adds all runs and terms of another index, which nobody changes meanwhile, as one change.
    ///
    /// Run number *n* of them, in their order, is called `firstNumber` + *n* here. Returns how they stand here.
    func adopt(
        _ other: SegmentIndex,
        firstNumber: Int64,
        mostCount: Int,
        time: Int64,
        contents: @escaping @Sendable (ChunkRunContents) throws -> ChunkRunContents
    ) async throws -> [Adopted] {
        try await write { database in
            var adopted: [Adopted] = []
            var last: Int64 = 0
            while case let places = try other.runs(after: last, Self.adoptedCount), let end = places.last {
                last = end.number
                for place in places {
                    guard let run = try other.readNow({ try Self.run(place.number, $0) }), adopted.count < mostCount
                    else { throw SegmentIndexError.damaged }
                    let contents = try contents(run.contents)
                    let number = firstNumber + Int64(adopted.count)
                    try Self.insert(
                        ChunkRun(id: ChunkRun.ID(number), contents: contents),
                        time: time,
                        database
                    )
                    adopted.append(
                        Adopted(
                            place: Place(
                                number: number,
                                byteCount: contents.byteCount,
                                isProven: contents.isProven
                            ),
                            key: contents.evictionKey
                        )
                    )
                }
            }
            var lastPart: Int64 = 0
            while case let rows = try other.readNow({ try Self.parts(after: lastPart, $0) }), let end = rows.last {
                lastPart = end.number
                for row in rows {
                    guard let file = row.file, let part = row.part, let first = Int64(exactly: part.start),
                        let last = Int64(exactly: part.end), let terms = TermCoding.bytes(of: part.terms)
                    else { throw SegmentIndexError.damaged }
                    try Self.insert(terms, first, last, of: file, database)
                }
            }
            return adopted
        }
    }

    /// Waits until what was changed is on the disk.
    func synchronize() async throws {
        try await threads.runIfActive { [self] in
            _ = try writer.database.withLock { try $0.number("PRAGMA wal_checkpoint(FULL)") }
        }
    }

    /// A run that was taken over.
    struct Adopted: Sendable {
        let place: Place
        let key: Int
    }

    private struct PartRow: Sendable {
        let number: Int64
        let file: FileHash?
        let part: FilePart?
    }

    private func readNow<Value: Sendable>(_ query: (Database) throws -> Value) throws -> Value {
        try readers[0].database.withLock { try query($0) }
    }

    private static func parts(after number: Int64, _ database: Database) throws -> [PartRow] {
        var rows: [PartRow] = []
        try database.run(
            "SELECT first, last, terms, id, file FROM part WHERE id > ? ORDER BY id LIMIT 16",
            [.number(number)]
        ) { row in
            let file = FileHash(bytes: row.bytes(4).rawSpan)
            rows.append(PartRow(number: row.number(3), file: file, part: file.flatMap { part($0, row) }))
        }
        return rows
    }
}

// MARK: Files

extension SegmentIndex {
    func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart? {
        guard let first = Int64(exactly: range.start), let last = Int64(exactly: range.end) else { return nil }
        while true {
            let (part, damaged): (FilePart?, Int64?) = try await read { database in
                var (part, damaged): (FilePart?, Int64?) = (nil, nil)
                try database.run(
                    """
                    SELECT first, last, terms, id FROM part WHERE file = ? AND first <= ? AND last >= ?
                    ORDER BY first DESC LIMIT 1
                    """,
                    [.bytes(file.bytes), .number(first), .number(last)]
                ) { row in
                    part = Self.part(file, row)
                    if part == nil { damaged = row.number(3) }
                }
                return (part, damaged)
            }
            guard let damaged else { return part }
            // Behind one that is damaged there may be others.
            try await write { database in try database.run("DELETE FROM part WHERE id = ?", [.number(damaged)]) }
        }
    }

    func parts(of file: FileHash) async throws -> [FilePart] {
        try await read { database in
            var parts: [FilePart] = []
            try database.run(
                "SELECT first, last, terms FROM part WHERE file = ? ORDER BY first, last",
                [.bytes(file.bytes)]
            ) { row in
                if let part = Self.part(file, row) { parts.append(part) }
            }
            return parts
        }
    }

    private static func part(_ file: FileHash, _ row: borrowing Database.Row) -> FilePart? {
        let seal = RowSeal(part: file, first: row.number(0), last: row.number(1))
        guard let start = UInt64(exactly: row.number(0)), let bytes = seal.opened(row.bytes(2)),
            let terms = TermCoding.terms(in: bytes)
        else { return nil }
        return FilePart(start: start, terms: terms)
    }

    func insert(_ part: FilePart, of file: FileHash) async throws {
        guard let first = Int64(exactly: part.start), let last = Int64(exactly: part.end),
            let terms = TermCoding.bytes(of: part.terms)
        else { return }
        try await write { database in try Self.insert(terms, first, last, of: file, database) }
    }

    private static func insert(
        _ terms: [UInt8],
        _ first: Int64,
        _ last: Int64,
        of file: FileHash,
        _ database: Database
    ) throws {
        try database.run(
            """
            INSERT INTO part (file, first, last, terms) VALUES (?, ?, ?, ?)
            ON CONFLICT (file, first, last) DO UPDATE SET terms = excluded.terms WHERE terms != excluded.terms
            """,
            [
                .bytes(file.bytes), .number(first), .number(last),
                .bytes(RowSeal(part: file, first: first, last: last).sealed(terms)),
            ]
        )
        // What was there already is no insertion: the connection's last one may have been into another table.
        let number = try database.number("SELECT max(id) FROM part") ?? 0
        if number % 1024 == 0 {
            try database.run("DELETE FROM part WHERE id <= ?", [.number(number - mostPartCount)])
        }
    }

    func forgetFiles() async throws {
        try await write { database in try database.run("DELETE FROM part") }
    }

    func forget(_ file: FileHash) async throws {
        try await write { database in try database.run("DELETE FROM part WHERE file = ?", [.bytes(file.bytes)]) }
    }
}

extension RowSeal {
    fileprivate init(_ run: ChunkRun) {
        let contents = run.contents
        self.init(
            run: run.id.number,
            contents.xorb,
            first: Int64(contents.chunks.start),
            count: Int64(contents.chunks.count),
            place: Int64(clamping: contents.firstByte)
        )
    }
}

extension SegmentIndex.Place {
    /// A row of number, bytes and whether it is proven.
    fileprivate init(_ row: borrowing Database.Row) {
        self.init(number: row.number(0), byteCount: Int(row.number(1)), isProven: row.number(2) != 0)
    }
}

/// Why an index cannot be used.
enum SegmentIndexError: Error, Hashable, CustomStringConvertible {
    /// Another version of this program made it.
    case otherVersion(Int64, isOlder: Bool)
    /// A process before this one has found it damaged.
    case damaged

    /// Whether there is nothing in it that this program should leave alone.
    var mayBeginAnew: Bool {
        switch self {
        case .otherVersion(_, let isOlder): isOlder
        case .damaged: true
        }
    }

    var description: String {
        switch self {
        case .otherVersion(let version, let isOlder):
            "the index is of \(isOlder ? "an older" : "a newer") version (\(version))"
        case .damaged:
            "it was found so before"
        }
    }
}
