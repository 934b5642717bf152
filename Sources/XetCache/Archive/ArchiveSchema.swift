import XetCore

/// The tables of an archive.
enum ArchiveSchema {
    static let version: Int64 = 1

    /// Texts are kept as bytes, and what a row says is sealed with what it is called.
    static let text = """
        BEGIN;
        CREATE TABLE answer (
            id INTEGER PRIMARY KEY AUTOINCREMENT, repository BLOB NOT NULL, target BLOB NOT NULL, method BLOB NOT NULL,
            status INTEGER NOT NULL, time INTEGER NOT NULL, headers BLOB NOT NULL, body BLOB NOT NULL,
            tag BLOB, hash BLOB, isFile INTEGER NOT NULL, bytes INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX answer_question ON answer (repository, target, method);
        CREATE INDEX answer_tag ON answer (repository, tag) WHERE tag IS NOT NULL;
        CREATE INDEX answer_hash ON answer (repository, hash) WHERE hash IS NOT NULL;
        CREATE INDEX answer_missing ON answer (id) WHERE status >= 400;
        CREATE TABLE total (answers INTEGER NOT NULL, bytes INTEGER NOT NULL, missing INTEGER NOT NULL);
        INSERT INTO total VALUES (0, 0, 0);
        CREATE TRIGGER answer_added AFTER INSERT ON answer BEGIN
            UPDATE total SET answers = answers + 1, bytes = bytes + NEW.bytes, missing = missing + (NEW.status >= 400);
        END;
        CREATE TRIGGER answer_removed AFTER DELETE ON answer BEGIN
            UPDATE total SET answers = answers - 1, bytes = bytes - OLD.bytes, missing = missing - (OLD.status >= 400);
        END;
        CREATE TABLE reference (
            id INTEGER PRIMARY KEY AUTOINCREMENT, repository BLOB NOT NULL, name BLOB NOT NULL, kept BLOB NOT NULL,
            time INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX reference_name ON reference (repository, name);
        CREATE TABLE permission (
            id INTEGER PRIMARY KEY AUTOINCREMENT, repository BLOB NOT NULL, caller BLOB NOT NULL, kept BLOB NOT NULL,
            refused INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX permission_caller ON permission (repository, caller);
        CREATE INDEX permission_refused ON permission (id) WHERE refused = 1;
        CREATE TABLE secret (secret BLOB NOT NULL);
        PRAGMA user_version = \(version);
        COMMIT;
        """

    static var secretSeal: RowSeal { RowSeal([Array("secret".utf8)]) }

    /// The seal of an answer's headers, and of its body.
    static func seal(_ repository: String, _ method: [UInt8], _ target: [UInt8], status: Int64, time: Int64) -> RowSeal
    {
        RowSeal([Array(repository.utf8), method, target, Array("\(status) \(time)".utf8)])
    }
}

/// Why an archive cannot be used.
enum HubArchiveError: Error, Hashable, CustomStringConvertible {
    case damaged
    case otherVersion(Int64, isOlder: Bool)

    /// Whether what is there is worth nothing any more; what a later version wrote is.
    var mayBeginAnew: Bool {
        switch self {
        case .damaged, .otherVersion(_, isOlder: true): true
        case .otherVersion(_, isOlder: false): false
        }
    }

    var description: String {
        switch self {
        case .damaged: "it is damaged"
        case .otherVersion(let version, _): "its version is \(version), not \(ArchiveSchema.version)"
        }
    }
}
