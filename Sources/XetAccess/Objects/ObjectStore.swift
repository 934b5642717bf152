public import NIOCore

/// Keeps immutable objects by name, for all replicas of a site: a bucket of S3, below a prefix.
///
/// Names are relative to the prefix: parts of `[0-9a-z.-]`, joined by `/`. Methods throw ``ObjectStoreError`` and
/// `CancellationError`, and nothing else that a store does.
public protocol ObjectStore: Sendable {
    /// The object's bytes as they come, after its head, or some of them (`Range`); `nil` if there is no such object.
    ///
    /// `range` is not empty; of one that passes the object's end comes what there is, and one behind it is `.invalid`. `body` reads
    /// ``StoredObject/bytes`` at most once; what it leaves is not fetched.
    func get<Value>(
        _ name: String,
        range: Range<Int>?,
        _ body: (StoredObject) async throws -> Value
    ) async throws -> Value?

    /// Puts an object if there is none of that name (`If-None-Match: *`); returns whether there was none.
    @discardableResult
    func put(_ bytes: ByteBuffer, as name: String) async throws -> Bool

    /// Removes an object; one that is not there is none that is removed.
    func remove(_ name: String) async throws

    /// Makes the store count an object's age anew, so that rules that expire by age leave what is used.
    func touch(_ name: String) async throws

    /// Objects whose names begin with `prefix` and follow `name`, in the order of their names; empty behind the last.
    func list(_ prefix: String, after name: String?) async throws -> [ListedObject]
}

/// An object whose head has come.
public struct StoredObject: Sendable {
    /// The length of all of it, also if only a range comes.
    public let byteCount: Int
    /// How long ago it was put or touched, by the store's own clock; `nil` if it does not say.
    public let age: Duration?
    /// Its bytes, or those of the range, piece by piece.
    ///
    /// Throws ``ObjectStoreError``, also if they end too early.
    public let bytes: any AsyncSequence<ByteBuffer, any Error> & Sendable

    /// Makes an object.
    public init(byteCount: Int, age: Duration?, bytes: any AsyncSequence<ByteBuffer, any Error> & Sendable) {
        self.byteCount = byteCount
        self.age = age
        self.bytes = bytes
    }
}

/// An object as a list names it.
public struct ListedObject: Hashable, Sendable {
    /// Its name, relative to the store's prefix.
    public let name: String
    /// Its length.
    public let byteCount: Int
    /// When it was put or touched, in Unix seconds by the store's clock.
    public let time: Int64

    /// Makes one.
    public init(name: String, byteCount: Int, time: Int64) {
        self.name = name
        self.byteCount = byteCount
        self.time = time
    }
}

/// Why a store did not do what it was asked.
public struct ObjectStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// It cannot be reached, broke off, or answers 5xx.
        case away
        /// It took too long.
        case slow
        /// It refuses what was asked (401, 403), or knows no such bucket.
        case denied
        /// It has no room (507, or what a store says instead).
        case full
        /// There are no credentials, or they cannot be read.
        case noCredentials
        /// It answered what cannot be understood.
        case invalid
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// What happened, without secrets.
    public let message: String

    /// Makes an error.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}
