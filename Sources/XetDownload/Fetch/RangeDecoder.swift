import NIOCore
import Synchronization
import XetAccess
import XetCore

/// Decodes the bytes of one fetch range, piece by piece.
///
/// Chunks that nobody needs are skipped without being unpacked.
struct RangeDecoder: ~Copyable {
    /// Most bytes of a batch, unless a chunk has more.
    private static let batchByteCount = 256 << 10

    private let plan: PlannedFetch
    /// What the range holds.
    private let chunks: ChunkRange
    private let isHashing: Bool
    private var reader = XorbChunkReader()
    private let unpackers: UnpackerPool
    /// What has been unpacked and not given out.
    private var batch: DecodedBatch?
    /// What it took so far.
    private(set) var work = DecodingWork()

    /// A decoder of a range that holds the planned chunks, and perhaps others.
    init(_ plan: PlannedFetch, in chunks: ChunkRange, isHashing: Bool, unpackers: UnpackerPool) {
        self.plan = plan
        self.chunks = chunks
        self.isHashing = isHashing
        self.unpackers = unpackers
    }

    /// Index in the xorb of the chunk that comes next.
    var nextChunk: Int { chunks.start + reader.chunkCount }

    /// The next chunks that are used and not before `first`; `nil` when the piece is used up.
    mutating func next(
        in piece: XorbPiece,
        from offset: inout Int,
        skippingBefore first: Int
    ) throws(XorbError) -> DecodedBatch? {
        let span = piece.bytes.readableBytesSpan
        let lent = unpackers.take()
        defer { unpackers.giveBack(lent) }
        while let item = try reader.next(in: span, from: &offset) {
            guard item.index < chunks.count else {
                throw .chunkBeyondRange(index: item.index, count: chunks.count)
            }
            let chunk = chunks.start + item.index
            guard chunk >= first, plan.useCount(of: chunk) > 0 else { continue }
            let count = item.header.unpackedByteCount
            let full = (batch?.freeByteCount ?? count) < count ? batch.take() : nil
            var open = batch.take() ?? DecodedBatch(byteCount: Self.room(for: count, rest: span.byteCount - offset))
            let hashes = isHashing ? piece.hashes : nil
            let known = hashes?.hash(of: chunk)
            let isHashed = isHashing && known == nil
            try open.append(chunk, byteCount: count, isHashing: isHashed, work: &work) { (output) throws(XorbError) in
                try lent.state.withLock { (unpacker) throws(XorbError) in
                    try reader.unpack(item, in: span, with: &unpacker, into: &output)
                }
            }
            if let known {
                open.note(known)
            } else if let hashes, let hash = open.chunks.last?.hash, !hashes.note(hash, of: chunk) {
                throw .otherChunk(index: item.index)
            }
            batch = open
            if let full { return full }
            if chunk + 1 >= plan.usedEnd { break }
        }
        return batch.take()
    }

    /// Bytes for a batch that begins with a chunk of `byteCount` and ends with its piece, `rest` bytes later.
    ///
    /// Those unpack to about as much or more. Buffers are powers of two; a smaller one leaves less of it unused.
    private static func room(for byteCount: Int, rest: Int) -> Int {
        let most = min(byteCount + rest, batchByteCount)
        return max(byteCount, 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount))
    }

    /// Checks that the range held exactly the chunks it should.
    mutating func finish() throws(XorbError) {
        try reader.finish()
        guard reader.chunkCount == chunks.count else {
            throw .missingChunks(expected: chunks.count, found: reader.chunkCount)
        }
    }
}
