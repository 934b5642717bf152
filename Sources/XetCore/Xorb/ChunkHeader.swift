/// The 8 bytes before each chunk of a serialized xorb: version 1, packed length 3, scheme 1, unpacked length 3;
/// lengths are little-endian.
///
/// Source: draft-denis-xet, "Chunk Header Format"; the limits and the tolerated zero lengths are the reference client's.
public struct ChunkHeader: Hashable, Sendable {
    /// Length of a header.
    public static let byteCount = 8
    /// The only version.
    public static let version: UInt8 = 0
    /// Most payload bytes a reader accepts: an LZ4 frame of incompressible data is longer than the data.
    public static let maximumPackedByteCount = 2 * Chunker.maximumByteCount
    /// Most unpacked bytes.
    public static let maximumUnpackedByteCount = Chunker.maximumByteCount

    /// Payload bytes that follow the header.
    public let packedByteCount: Int
    /// How the payload is compressed.
    public let scheme: CompressionScheme
    /// Bytes of the chunk itself.
    public let unpackedByteCount: Int

    /// Header and payload together.
    public var serializedByteCount: Int { Self.byteCount + packedByteCount }

    /// Makes a header; both lengths must be within the limits.
    public init(packedByteCount: Int, scheme: CompressionScheme, unpackedByteCount: Int) throws(ChunkError) {
        guard (0...Self.maximumPackedByteCount).contains(packedByteCount) else {
            throw .packedTooLarge(found: packedByteCount, maximum: Self.maximumPackedByteCount)
        }
        guard (0...Self.maximumUnpackedByteCount).contains(unpackedByteCount) else {
            throw .unpackedTooLarge(found: unpackedByteCount, maximum: Self.maximumUnpackedByteCount)
        }
        self.packedByteCount = packedByteCount
        self.scheme = scheme
        self.unpackedByteCount = unpackedByteCount
    }

    /// Parses the first 8 of `bytes`.
    public init(parsing bytes: RawSpan) throws(ChunkError) {
        guard bytes.byteCount >= Self.byteCount else {
            throw .truncated(needed: Self.byteCount, available: bytes.byteCount)
        }
        let version = bytes.byte(at: 0)
        guard version == Self.version else { throw .unknownVersion(version) }
        guard let scheme = CompressionScheme(rawValue: bytes.byte(at: 4)) else {
            throw .unknownScheme(bytes.byte(at: 4))
        }
        try self.init(
            packedByteCount: bytes.littleEndianUInt24(at: 1),
            scheme: scheme,
            unpackedByteCount: bytes.littleEndianUInt24(at: 5)
        )
    }

    /// Appends the 8 bytes.
    public func append(to bytes: inout [UInt8]) {
        bytes.append(Self.version)
        bytes.appendLittleEndianUInt24(packedByteCount)
        bytes.append(scheme.rawValue)
        bytes.appendLittleEndianUInt24(unpackedByteCount)
    }
}
