import CSQLite

/// A connection to an SQLite database, for one task at a time.
///
/// Source for what each call needs and promises: the C API of SQLite, https://sqlite.org/c3ref/intro.html.
@safe final class Database {
    private let connection: OpaquePointer
    /// Statements that were prepared before, by their text.
    private var statements: [StaticString.Key: OpaquePointer] = unsafe [:]

    /// Opens a file, which is created if it is not there.
    ///
    /// What is changed goes to a log beside it, which is not synchronized at each change.
    init(_ path: String, cacheByteCount: Int) throws(DatabaseError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        // SAFETY: the path is a string that ends with a zero for the call; the connection is closed once, in `deinit`.
        let status = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard status == SQLITE_OK, let connection = unsafe opened else {
            let error = unsafe DatabaseError(status, opened)
            unsafe sqlite3_close_v2(opened)
            throw error
        }
        unsafe self.connection = unsafe connection
        unsafe sqlite3_busy_timeout(connection, 10_000)
        unsafe sqlite3_extended_result_codes(connection, 1)
        try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
        try execute("PRAGMA cache_size = -\(cacheByteCount >> 10)")
    }

    deinit {
        unsafe statements.values.forEach { _ = unsafe sqlite3_finalize($0) }
        unsafe sqlite3_close_v2(connection)
    }

    /// Runs statements that return nothing and take nothing.
    func execute(_ sql: String) throws(DatabaseError) {
        // SAFETY: the text ends with a zero for the call.
        let status = unsafe sqlite3_exec(connection, sql, nil, nil, nil)
        guard status == SQLITE_OK else { throw unsafe DatabaseError(status, connection) }
    }

    /// Runs `body` as one change: all of it, or nothing if it throws.
    func transaction<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try execute("BEGIN IMMEDIATE")
        do {
            let value = try body(self)
            try execute("COMMIT")
            return value
        } catch {
            // Nothing is left to be done if that fails too: SQLite has rolled back by itself.
            try? execute("ROLLBACK")
            throw error
        }
    }

    /// Runs a statement; `body` gets each row.
    func run(_ sql: StaticString, _ values: [Value] = [], _ body: (borrowing Row) throws -> Void = { _ in }) throws {
        let statement = try unsafe prepared(sql)
        // SAFETY: the statement belongs to this connection, which nobody else uses meanwhile; it is finalized in `deinit`.
        defer {
            unsafe sqlite3_reset(statement)
            unsafe sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() { try unsafe bind(value, at: Int32(index + 1), of: statement) }
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW: try body(unsafe Row(statement: statement))
            case SQLITE_DONE: return
            case let status: throw unsafe DatabaseError(status, connection)
            }
        }
    }

    /// The first column of the first row, as a number.
    func number(_ sql: StaticString, _ values: [Value] = []) throws -> Int64? {
        var number: Int64?
        try run(sql, values) { row in if number == nil { number = row.number(0) } }
        return number
    }

    /// What a statement takes.
    enum Value {
        case number(Int64)
        case bytes([UInt8])
    }

    /// A row of an answer, while it is the present one.
    @safe struct Row: ~Copyable {
        fileprivate let statement: OpaquePointer

        /// The number in a column; 0 if there is none.
        func number(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(statement, column) }

        /// A copy of the bytes in a column.
        func bytes(_ column: Int32) -> [UInt8] {
            // SAFETY: the pointer is good for `count` bytes until the next call for this row; they are copied before.
            guard let start = unsafe sqlite3_column_blob(statement, column) else { return [] }
            let count = Int(unsafe sqlite3_column_bytes(statement, column))
            return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
        }
    }

    private func prepared(_ sql: StaticString) throws(DatabaseError) -> OpaquePointer {
        let key = StaticString.Key(sql)
        if let known = unsafe statements[key] { return unsafe known }
        var prepared: OpaquePointer?
        // SAFETY: the text ends with a zero, and its length is given.
        let status = unsafe sqlite3_prepare_v3(
            connection,
            "\(sql)",
            -1,
            UInt32(SQLITE_PREPARE_PERSISTENT),
            &prepared,
            nil
        )
        guard status == SQLITE_OK, let statement = unsafe prepared else {
            throw unsafe DatabaseError(status, connection)
        }
        unsafe statements[key] = unsafe statement
        return unsafe statement
    }

    private func bind(_ value: Value, at index: Int32, of statement: OpaquePointer) throws(DatabaseError) {
        let status: Int32
        switch value {
        case .number(let number): status = unsafe sqlite3_bind_int64(statement, index, number)
        case .bytes(let bytes):
            // SAFETY: SQLite copies the bytes (SQLITE_TRANSIENT, which is -1) before the call returns.
            let copy = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            status = unsafe bytes.withUnsafeBytes {
                unsafe sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count), copy)
            }
        }
        guard status == SQLITE_OK else { throw unsafe DatabaseError(status, connection) }
    }
}

extension StaticString {
    /// Tells statements apart by where their text stands.
    fileprivate struct Key: Hashable {
        private let address: Int

        init(_ string: StaticString) {
            address = unsafe Int(bitPattern: string.utf8Start)
        }
    }
}

/// What SQLite failed with.
struct DatabaseError: Error, CustomStringConvertible {
    /// Its extended result code.
    let code: Int32
    /// What it says about it.
    let message: String

    fileprivate init(_ code: Int32, _ connection: OpaquePointer?) {
        self.code = code
        // SAFETY: the text is good until the next call with this connection, and is copied before.
        message = unsafe String(cString: connection.map { unsafe sqlite3_errmsg($0) } ?? sqlite3_errstr(code))
    }

    init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    var description: String { "SQLite: \(message) (\(code))" }

    /// Whether the file is damaged, or no database at all.
    var isDamage: Bool { [SQLITE_CORRUPT, SQLITE_NOTADB].contains(code & 0xFF) }
}
