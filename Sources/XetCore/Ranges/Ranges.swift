/// Chunk indices inside one xorb, end excluded; never empty.
public struct ChunkRange: Hashable, Sendable {
    /// Index of the first chunk.
    public let start: Int
    /// Index after the last chunk.
    public let end: Int

    /// `nil` if negative, empty or reversed.
    public init?(start: Int, end: Int) {
        guard start >= 0, end > start else { return nil }
        self.start = start
        self.end = end
    }

    /// Number of chunks.
    public var count: Int { end - start }

    /// Whether every chunk of `other` is in this range.
    public func contains(_ other: ChunkRange) -> Bool { start <= other.start && other.end <= end }

    /// The chunks that are in both; `nil` if there are none.
    public func intersection(_ other: ChunkRange) -> ChunkRange? {
        ChunkRange(start: max(start, other.start), end: min(end, other.end))
    }
}

/// Bytes of a rebuilt file, end excluded; may be empty.
public struct FileByteRange: Hashable, Sendable {
    /// Offset of the first byte.
    public let start: UInt64
    /// Offset after the last byte.
    public let end: UInt64

    /// `nil` if reversed.
    public init?(start: UInt64, end: UInt64) {
        guard start <= end else { return nil }
        self.start = start
        self.end = end
    }

    /// The first `count` bytes of a file.
    public init(count: UInt64) {
        start = 0
        end = count
    }

    /// Number of bytes.
    public var count: UInt64 { end - start }

    /// Whether the range has no bytes.
    public var isEmpty: Bool { start == end }
}

/// An HTTP byte range, end *included*, as in `Range:` and in the answers of the CAS.
public struct HTTPByteRange: Hashable, Sendable {
    /// Offset of the first byte.
    public let first: UInt64
    /// Offset of the last byte.
    public let last: UInt64

    /// `nil` if reversed, or if the count would overflow.
    public init?(first: UInt64, last: UInt64) {
        guard first <= last, last < .max else { return nil }
        self.first = first
        self.last = last
    }

    /// The same bytes as a non-empty file range; `nil` if it is empty.
    public init?(_ range: FileByteRange) {
        guard !range.isEmpty else { return nil }
        first = range.start
        last = range.end - 1
    }

    /// Number of bytes.
    public var count: UInt64 { last - first + 1 }

    /// The value of a `Range` header, `bytes=first-last`.
    public var headerValue: String { "bytes=\(first)-\(last)" }
}
