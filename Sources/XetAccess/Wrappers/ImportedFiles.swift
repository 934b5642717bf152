public import XetCore

/// Files that somebody has put where all replicas of a site read them, and which need no CAS.
///
/// Methods throw ``XetError`` and `CancellationError`.
public protocol ImportedFiles: Sendable {
    /// Whether a file was imported, all of it.
    func has(_ file: FileHash) async throws -> Bool

    /// Terms that hold a range of a file, and perhaps more; `nil` if it was not imported.
    func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart?

    /// Where chunks of a range of a xorb lie, as far as there are any.
    func layouts(of xorb: XorbHash, in chunks: ChunkRange) async throws -> [ChunkLayout]
}

/// Chunks of a xorb that follow one another: where they lie in it, and how long they are.
public struct ChunkLayout: Hashable, Sendable {
    /// The lengths of a chunk.
    public struct Entry: Hashable, Sendable {
        /// Bytes in the xorb, the header included.
        public let serializedByteCount: Int
        /// Bytes of the chunk itself.
        public let unpackedByteCount: Int

        /// Makes an entry.
        public init(serializedByteCount: Int, unpackedByteCount: Int) {
            self.serializedByteCount = serializedByteCount
            self.unpackedByteCount = unpackedByteCount
        }
    }

    /// The chunks.
    public let chunks: ChunkRange
    /// Where the first of them begins in the serialized xorb.
    public let firstByte: UInt64
    /// One entry for each chunk.
    public let entries: [Entry]

    /// `nil` unless there is an entry for each chunk.
    public init?(chunks: ChunkRange, firstByte: UInt64, entries: [Entry]) {
        guard entries.count == chunks.count else { return nil }
        self.chunks = chunks
        self.firstByte = firstByte
        self.entries = entries
    }

    /// That of chunks that are kept.
    init(_ contents: ChunkRunContents) {
        chunks = contents.chunks
        firstByte = contents.firstByte
        entries = contents.records.map {
            Entry(serializedByteCount: $0.serializedByteCount, unpackedByteCount: $0.unpackedByteCount)
        }
    }

    /// The entries of some of the chunks, which must be there.
    func entries(of part: ChunkRange) -> ArraySlice<Entry> {
        entries[(part.start - chunks.start)..<(part.end - chunks.start)]
    }

    /// Where in the serialized xorb a chunk begins, which must be there.
    func place(of chunk: Int) -> UInt64 {
        entries[..<(chunk - chunks.start)].reduce(firstByte) { $0 + UInt64($1.serializedByteCount) }
    }
}
