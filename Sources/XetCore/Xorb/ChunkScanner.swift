/// Finds where the chunks end in serialized bytes that come in pieces of any size, and computes their checksums.
///
/// Nothing is unpacked and nothing is held but the start of a header. For each piece call ``next(in:from:)`` until it
/// returns `nil`, then ``finish()`` after the last.
public struct ChunkScanner: Sendable {
    /// A chunk that is complete.
    public struct Found: Hashable, Sendable {
        /// Its number, from the start of what is scanned.
        public let index: Int
        /// Its header.
        public let header: ChunkHeader
        /// CRC-64 of its serialized bytes, the header included.
        public let checksum: UInt64
    }

    /// Bytes of a header whose rest has not come yet.
    private var head: [UInt8] = []
    private var header: ChunkHeader?
    /// Payload bytes that have not come yet.
    private var rest = 0
    private var checksum = CRC64()

    /// Chunks that were complete so far.
    public private(set) var chunkCount = 0
    /// Serialized bytes of these.
    public private(set) var serializedByteCount = 0

    /// A scanner before the first byte.
    public init() {}

    /// The next chunk that ends in `piece`, at `offset` afterwards; `nil` if the piece is used up.
    public mutating func next(in piece: RawSpan, from offset: inout Int) throws(XorbError) -> Found? {
        let header: ChunkHeader
        if let begun = self.header {
            header = begun
        } else {
            guard let begun = try readHeader(piece, &offset) else { return nil }
            header = begun
            self.header = begun
            rest = begun.packedByteCount
        }
        let count = min(rest, piece.byteCount - offset)
        checksum.update(piece.extracting(offset..<offset + count))
        offset += count
        rest -= count
        guard rest == 0 else { return nil }
        let found = Found(index: chunkCount, header: header, checksum: checksum.value)
        chunkCount += 1
        serializedByteCount += header.serializedByteCount
        checksum = CRC64()
        self.header = nil
        return found
    }

    /// Checks that the last chunk was complete.
    public func finish() throws(XorbError) {
        guard let header else {
            guard head.isEmpty else {
                throw .truncated(index: chunkCount, needed: ChunkHeader.byteCount, available: head.count)
            }
            return
        }
        throw .truncated(
            index: chunkCount,
            needed: header.serializedByteCount,
            available: header.serializedByteCount - rest
        )
    }

    private mutating func readHeader(_ piece: RawSpan, _ offset: inout Int) throws(XorbError) -> ChunkHeader? {
        let count = min(ChunkHeader.byteCount - head.count, piece.byteCount - offset)
        let part = piece.extracting(offset..<offset + count)
        checksum.update(part)
        head.append(copying: part)
        offset += count
        guard head.count == ChunkHeader.byteCount else { return nil }
        defer { head.removeAll(keepingCapacity: true) }
        do throws(ChunkError) {
            return try ChunkHeader(parsing: head.rawSpan)
        } catch {
            throw .invalidChunk(index: chunkCount, offset: serializedByteCount, error)
        }
    }
}
