public import XetCore

/// The chunks of a term that hold some of its bytes.
public struct TrimmedTerm: Hashable, Sendable {
    /// The chunks, in the xorb's count.
    public let chunks: ChunkRange
    /// Bytes of the first of these chunks that come before the wanted ones.
    public let offset: Int
    /// Unpacked length of these chunks.
    public let unpackedByteCount: Int

    /// `bytes` counts from the start of the term and is not empty; `nil` if the term does not fit the xorb.
    public init?(_ term: Term, bytes: Range<Int>, index: XorbIndex) {
        guard let byteCount = index.unpackedByteCount(of: term.chunks), !bytes.isEmpty, bytes.lowerBound >= 0,
            bytes.upperBound <= byteCount
        else { return nil }
        let termStart = index.unpackedStart(of: term.chunks.start)
        let first = Self.chunk(holding: termStart + bytes.lowerBound, in: term.chunks, index)
        let last = Self.chunk(holding: termStart + bytes.upperBound - 1, in: term.chunks, index)
        guard let chunks = ChunkRange(start: first, end: last + 1),
            let unpackedByteCount = index.unpackedByteCount(of: chunks)
        else { return nil }
        self.chunks = chunks
        self.unpackedByteCount = unpackedByteCount
        offset = termStart + bytes.lowerBound - index.unpackedStart(of: first)
    }

    /// The chunk with the byte at `offset` of the unpacked xorb: the first that ends behind it.
    private static func chunk(holding offset: Int, in chunks: ChunkRange, _ index: XorbIndex) -> Int {
        var low = chunks.start
        var high = chunks.end - 1
        while low < high {
            let middle = low + (high - low) / 2
            if Int(index.unpackedEnds[middle]) > offset {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low
    }
}
