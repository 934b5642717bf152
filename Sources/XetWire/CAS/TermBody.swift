public import XetCore

/// A term, as both versions of the reconstruction API write it.
public struct TermBody: Codable, Hashable, Sendable {
    /// Name of the xorb.
    public let hash: String
    /// Unpacked length.
    public let unpackedLength: Int
    /// Chunk indices, end excluded.
    public let range: IndexRangeBody

    enum CodingKeys: String, CodingKey {
        case hash
        case unpackedLength = "unpacked_length"
        case range
    }

    /// Writes a term.
    public init(_ term: Term) {
        hash = term.xorb.text
        unpackedLength = term.unpackedByteCount
        range = IndexRangeBody(start: UInt64(term.chunks.start), end: UInt64(term.chunks.end))
    }

    func term(_ path: String) throws(ReconstructionError) -> Term {
        guard let xorb = XorbHash(hash) else { throw .malformed(path: path, reason: "not a hash") }
        return try Term(xorb: xorb, chunks: range.chunks(path), unpackedByteCount: unpackedLength)
    }
}

/// Two numbers; whether the end is included depends on the field.
public struct IndexRangeBody: Codable, Hashable, Sendable {
    /// Most chunks that a xorb is taken to have: of 64 bytes each in the 64 MiB that a xorb has at most.
    ///
    /// So no sum over an answer can overflow.
    static let maximumChunkCount = 1 << 20

    public let start: UInt64
    public let end: UInt64

    /// Makes a range.
    public init(start: UInt64, end: UInt64) {
        self.start = start
        self.end = end
    }

    /// Chunk indices: the end is excluded.
    func chunks(_ path: String) throws(ReconstructionError) -> ChunkRange {
        guard let start = Int(exactly: start), let end = Int(exactly: end), end <= Self.maximumChunkCount,
            let range = ChunkRange(start: start, end: end)
        else { throw .malformed(path: path, reason: "not a range of chunks: \(start)..<\(end)") }
        return range
    }

    /// Serialized bytes: the end is included.
    func bytes(_ path: String) throws(ReconstructionError) -> HTTPByteRange {
        guard let range = HTTPByteRange(first: start, last: end) else {
            throw .malformed(path: path, reason: "not a byte range: \(start)...\(end)")
        }
        return range
    }
}

extension IndexRangeBody {
    init(_ chunks: ChunkRange) {
        self.init(start: UInt64(chunks.start), end: UInt64(chunks.end))
    }

    init(_ bytes: HTTPByteRange) {
        self.init(start: bytes.first, end: bytes.last)
    }
}
