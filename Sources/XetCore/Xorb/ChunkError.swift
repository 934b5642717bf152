/// Why one serialized chunk cannot be read or written.
public enum ChunkError: Error, Hashable, Sendable {
    /// The chunk ends before its header or payload does; counts are bytes.
    case truncated(needed: Int, available: Int)
    /// The header has another version than 0.
    case unknownVersion(UInt8)
    /// The header names no compression scheme of the format.
    case unknownScheme(UInt8)
    /// The header promises a longer payload than any writer makes.
    case packedTooLarge(found: Int, maximum: Int)
    /// The header promises, or the caller gives, more bytes than a chunk may have.
    case unpackedTooLarge(found: Int, maximum: Int)
    /// The payload unpacks to another length than the header says.
    case unpackedLengthMismatch(expected: Int, found: Int)
    /// The payload unpacks to more bytes than the header says.
    case unpackedTooLong(expected: Int)
    /// The payload is no LZ4 frame that the format allows; `reason` is liblz4's or ours.
    case invalidLZ4Frame(reason: String)
}

/// Why a serialized xorb, or a range of one, cannot be read or written.
public enum XorbError: Error, Hashable, Sendable {
    /// Chunk number `index`, counted from the start of what was read, is invalid; `offset` is that of its header.
    case invalidChunk(index: Int, offset: Int, ChunkError)
    /// The bytes end inside chunk number `index`.
    case truncated(index: Int, needed: Int, available: Int)
    /// There are more chunks than the range should hold.
    case chunkBeyondRange(index: Int, count: Int)
    /// There are fewer chunks than the range should hold.
    case missingChunks(expected: Int, found: Int)
    /// A chunk is not the one that its hash, which is known, means.
    case otherChunk(index: Int)
    /// A footer stands where only chunks may be.
    case unexpectedFooter(offset: Int)
    /// A xorb needs at least one chunk.
    case noChunks
    /// The next chunk would exceed what one xorb may hold.
    case full
    /// The last four bytes, or a section of the footer, do not fit the length of the xorb.
    case footerOutOfBounds(length: Int, available: Int)
    /// The footer has a version that is not known.
    case unknownFooterVersion(UInt8)
    /// The named section of the footer does not start with its mark.
    case invalidFooterMark(section: String)
    /// The footer states a count or an offset twice, and differently.
    case footerDisagrees(field: String, expected: UInt64, found: UInt64)
    /// The offsets of the chunks do not grow, or do not end where the footer begins.
    case invalidChunkOffset(index: Int)
    /// The footer says one thing, the chunks another.
    case footerContradictsChunk(index: Int)
    /// The chunks have another root than the name.
    case hashMismatch(expected: XorbHash, found: XorbHash)
}
