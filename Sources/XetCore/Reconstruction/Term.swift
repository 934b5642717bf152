/// A contiguous range of one xorb's chunks, in file order.
public struct Term: Hashable, Sendable {
    /// The xorb that holds the chunks.
    public let xorb: XorbHash
    /// The chunks, in order.
    public let chunks: ChunkRange
    /// Their unpacked length.
    public let unpackedByteCount: Int

    /// Throws when the chunks cannot have that length.
    public init(xorb: XorbHash, chunks: ChunkRange, unpackedByteCount: Int) throws(ReconstructionError) {
        guard unpackedByteCount >= 0, unpackedByteCount <= chunks.count * ChunkHeader.maximumUnpackedByteCount else {
            throw .implausibleTermLength(xorb: xorb, chunkCount: chunks.count, byteCount: unpackedByteCount)
        }
        self.xorb = xorb
        self.chunks = chunks
        self.unpackedByteCount = unpackedByteCount
    }
}
