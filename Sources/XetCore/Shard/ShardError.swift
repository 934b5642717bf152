/// Why a shard cannot be read or written.
///
/// Offsets are those in the serialized shard.
public enum ShardError: Error, Hashable, Sendable {
    /// A part of a serialized shard.
    public enum Part: String, Hashable, Sendable {
        case header, files, xorbs, footer
        case fileLookup, xorbLookup, chunkLookup
    }

    /// A shard may not be that long.
    case tooLarge(byteCount: Int, maximum: Int)
    /// The shard ends inside a part, or a count promises more than is left.
    case truncated(Part, offset: Int, needed: Int, available: Int)
    /// The first 32 bytes are not those of a shard.
    case invalidTag
    /// The header has another version than 2.
    case unknownVersion(UInt64)
    /// The footer has another version than 1.
    case unknownFooterVersion(UInt64)
    /// The record at `offset` starts like the end of a section but has more in it.
    case invalidBookend(Part, offset: Int)
    /// A file or xorb has the hash that marks the end of a section.
    case reservedHash(Part)
    /// Flags that may announce records of an unknown kind.
    case unknownFileFlags(UInt32, file: FileHash)
    /// A term of the file covers no chunk.
    case emptyTerm(file: FileHash, index: Int, start: Int, end: Int)
    /// A term of the file states a length that its chunks cannot have.
    case implausibleTermLength(file: FileHash, index: Int, chunkCount: Int, byteCount: Int)
    /// A file has another number of verification hashes than of terms.
    case verificationCountMismatch(file: FileHash, expected: Int, found: Int)
    /// A xorb needs at least one chunk.
    case noChunks(xorb: XorbHash)
    /// A chunk is longer than chunks can be.
    case chunkTooLarge(xorb: XorbHash, index: Int, byteCount: Int, maximum: Int)
    /// A chunk does not start where the one before it ends.
    case chunkOffsetMismatch(xorb: XorbHash, index: Int, expected: Int, found: Int)
    /// A xorb states another unpacked length than its chunks have.
    case xorbLengthMismatch(xorb: XorbHash, expected: Int, found: Int)
    /// A number is too large for its 32-bit field.
    case tooLargeForField(Part, field: String, value: Int)
    /// The footer places something elsewhere than it is.
    case footerDisagrees(field: String, expected: UInt64, found: UInt64)
    /// An entry of a lookup table is out of order, or names nothing of the hash it gives.
    case invalidLookupEntry(Part, index: Int)
}
