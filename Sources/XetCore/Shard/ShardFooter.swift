/// What a ``ChunkHashKey`` is a role of.
public enum ChunkKeyRole: ContentHashRole {}
/// The key under which a shard hides its chunk hashes: who does not know a chunk's hash cannot learn it from the shard.
public typealias ChunkHashKey = ContentHash<ChunkKeyRole>

/// Lookup tables of a stored shard, each sorted by truncated hash.
public struct ShardLookupTables: OptionSet, Hashable, Sendable {
    /// One bit per table.
    public let rawValue: UInt8

    /// A choice of tables.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// File hash to file block.
    public static let files = Self(rawValue: 1 << 0)
    /// Xorb hash to xorb block.
    public static let xorbs = Self(rawValue: 1 << 1)
    /// Chunk hash, keyed if the shard has a key, to xorb block and chunk index.
    public static let chunks = Self(rawValue: 1 << 2)
    /// All three.
    public static let all: Self = [.files, .xorbs, .chunks]
}

/// The statements of a stored shard's footer that do not follow from its content.
public struct ShardFooter: Hashable, Sendable {
    /// Length of a footer.
    public static let byteCount = 200
    /// The expiry of a key that never expires.
    public static let neverExpires = UInt64.max
    static let version: UInt64 = 1

    /// The key of the chunk hashes; `nil` if they are plain.
    public let key: ChunkHashKey?
    /// When the shard was made, in Unix seconds.
    public let creationTime: UInt64
    /// The last Unix second at which the key may be used.
    public let keyExpiry: UInt64
    /// The tables that stand before the footer with at least one entry.
    public let lookupTables: ShardLookupTables

    /// A footer; a `key` of zeros means plain hashes and is taken as `nil`.
    public init(
        key: ChunkHashKey? = nil,
        creationTime: UInt64,
        keyExpiry: UInt64 = ShardFooter.neverExpires,
        lookupTables: ShardLookupTables = []
    ) {
        self.key = key == .zero ? nil : key
        self.creationTime = creationTime
        self.keyExpiry = keyExpiry
        self.lookupTables = lookupTables
    }

    /// Whether the chunk hashes may still be used at `now`, in Unix seconds.
    public func isKeyValid(at now: UInt64) -> Bool { now <= keyExpiry }
}
