public import XetCore

/// What is known of a serialized chunk that is kept.
public struct ChunkRecord: Hashable, Sendable {
    /// Bytes as they are kept, the header included.
    public let serializedByteCount: Int
    /// Bytes of the chunk itself.
    public let unpackedByteCount: Int
    /// CRC-64 of the serialized bytes.
    public let checksum: UInt64
    /// The hash of the unpacked bytes, once somebody has computed it.
    public var hash: ChunkHash?
    /// Whether the chunk is the one that its place in the xorb means: a file hash, or the xorb's own, has covered it.
    public var isProven: Bool

    /// Makes a record.
    public init(
        serializedByteCount: Int,
        unpackedByteCount: Int,
        checksum: UInt64,
        hash: ChunkHash? = nil,
        isProven: Bool = false
    ) {
        self.serializedByteCount = serializedByteCount
        self.unpackedByteCount = unpackedByteCount
        self.checksum = checksum
        self.hash = hash
        self.isProven = isProven
    }

    /// Takes over what another record of the same bytes knows.
    public mutating func add(_ other: ChunkRecord) {
        hash = hash ?? other.hash
        isProven = isProven || other.isProven
    }
}

/// Chunks of a xorb that follow one another, and are to be kept.
public struct ChunkRunContents: Hashable, Sendable {
    /// The xorb.
    public let xorb: XorbHash
    /// The chunks.
    public let chunks: ChunkRange
    /// Where the first of them begins in the serialized xorb.
    public let firstByte: UInt64
    /// One record for each chunk.
    public var records: [ChunkRecord]

    /// `nil` unless there is a record for each chunk.
    public init?(xorb: XorbHash, chunks: ChunkRange, firstByte: UInt64, records: [ChunkRecord]) {
        guard records.count == chunks.count else { return nil }
        self.xorb = xorb
        self.chunks = chunks
        self.firstByte = firstByte
        self.records = records
    }

    /// Serialized bytes of all chunks.
    public var byteCount: Int { records.reduce(0) { $0 + $1.serializedByteCount } }

    /// Whether all chunks are proven.
    public var isProven: Bool { records.allSatisfy(\.isProven) }

    /// The record of a chunk, which must be one of them.
    public func record(of chunk: Int) -> ChunkRecord { records[chunk - chunks.start] }

    /// The records of those chunks that lie in `range`, which must overlap.
    public func records(in range: ChunkRange) -> ArraySlice<ChunkRecord> {
        records[max(0, range.start - chunks.start)..<min(records.count, range.end - chunks.start)]
    }

    /// Where the bytes of some chunks lie, from the start of the run on; the chunks must lie in it.
    public func bytes(of range: ChunkRange) -> Range<Int> {
        let start = records[..<(range.start - chunks.start)].reduce(0) { $0 + $1.serializedByteCount }
        return start..<start + records(in: range).reduce(0) { $0 + $1.serializedByteCount }
    }
}

/// Chunks of a xorb that follow one another, and are kept.
public struct ChunkRun: Sendable {
    /// What a store calls a run.
    public struct ID: Hashable, Sendable {
        /// Never used again for another run.
        public let number: Int64

        /// Makes an identifier.
        public init(_ number: Int64) {
            self.number = number
        }
    }

    /// What the store calls it.
    public let id: ID
    /// What is kept.
    public let contents: ChunkRunContents

    /// Makes a run.
    public init(id: ID, contents: ChunkRunContents) {
        self.id = id
        self.contents = contents
    }

    /// The chunks.
    public var chunks: ChunkRange { contents.chunks }
}
