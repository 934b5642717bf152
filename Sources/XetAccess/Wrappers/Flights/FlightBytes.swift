import DequeModule
import NIOCore
import XetCore

/// The bytes of a flight as they come: where the chunks end, and what of them is still in memory.
///
/// A flight fetches a signed range, and keeps those of its chunks that were missing. Places are counted in the bytes that are
/// kept, from their first on.
struct FlightBytes: Sendable {
    /// Chunks of the range before the first that is kept.
    private let skippedChunkCount: Int
    private let chunkCount: Int
    private var scanner = ChunkScanner()
    /// Bytes of the range so far.
    private var streamed = 0
    /// Where in the range the kept bytes begin and end, once that is known.
    private(set) var start: Int?
    private var end: Int?
    /// Where each chunk ends that is complete.
    private(set) var chunkEnds: [Int] = []
    /// Pieces in memory, one behind the other; the last may end within a chunk.
    private var pieces: Deque<(start: Int, bytes: ByteBuffer)> = []
    private var receivedByteCount = 0
    /// Bytes that were given out to be written.
    private var claimedByteCount = 0
    /// Bytes that are written.
    private(set) var writtenByteCount = 0
    /// Chunks of which all bytes are written.
    private(set) var writtenChunkCount = 0

    /// Of a range of `chunks`, `kept` are kept.
    init(_ chunks: ChunkRange, keeping kept: ChunkRange) {
        skippedChunkCount = kept.start - chunks.start
        chunkCount = kept.count
        if skippedChunkCount == 0 { start = 0 }
    }

    /// Bytes of all chunks that are complete.
    var completeByteCount: Int { chunkEnds.last ?? 0 }

    /// Whether all chunks that are kept are complete.
    var isComplete: Bool { chunkEnds.count == chunkCount }

    /// Bytes of the range so far.
    var streamedByteCount: Int { streamed }

    /// Bytes that are in memory.
    var heldByteCount: Int { pieces.first.map { receivedByteCount - $0.start } ?? 0 }

    /// Takes the next bytes of the range; returns the records of the chunks that they complete.
    mutating func take(_ piece: ByteBuffer) throws(XorbError) -> [ChunkRecord] {
        let span = piece.readableBytesSpan
        var records: [ChunkRecord] = []
        var offset = 0
        while let found = try scanner.next(in: span, from: &offset) {
            if scanner.chunkCount == skippedChunkCount { start = scanner.serializedByteCount }
            guard let start, found.index >= skippedChunkCount, found.index < skippedChunkCount + chunkCount else {
                continue
            }
            chunkEnds.append(scanner.serializedByteCount - start)
            if isComplete { end = scanner.serializedByteCount }
            records.append(
                ChunkRecord(
                    serializedByteCount: found.header.serializedByteCount,
                    unpackedByteCount: found.header.unpackedByteCount,
                    checksum: found.checksum
                )
            )
        }
        add(piece)
        return records
    }

    private mutating func add(_ piece: ByteBuffer) {
        let before = streamed
        streamed += piece.readableBytes
        guard let start else { return }
        let lower = max(before, start)
        let upper = max(lower, min(streamed, end ?? .max))
        guard upper > lower,
            let bytes = piece.getSlice(at: piece.readerIndex + lower - before, length: upper - lower)
        else { return }
        pieces.append((receivedByteCount, bytes))
        receivedByteCount += bytes.readableBytes
    }

    /// Checks that the range ended with its last chunk.
    func checkEnd(chunkCount: Int) throws(XorbError) {
        try scanner.finish()
        guard scanner.chunkCount == chunkCount else {
            throw .missingChunks(expected: chunkCount, found: scanner.chunkCount)
        }
    }

    /// What is to be written next, if it is at least `least` bytes; ``noteWritten()`` follows.
    mutating func claim(least: Int) -> [ByteBuffer] {
        guard receivedByteCount - claimedByteCount >= max(1, least) else { return [] }
        let claimed = pieces.filter { $0.start >= claimedByteCount }.map(\.bytes)
        claimedByteCount = receivedByteCount
        return claimed
    }

    /// Notes that what was given out is written.
    mutating func noteWritten() {
        writtenByteCount = claimedByteCount
        while writtenChunkCount < chunkEnds.count, chunkEnds[writtenChunkCount] <= writtenByteCount {
            writtenChunkCount += 1
        }
    }

    /// Drops from memory chunks that are written, but for the last `tailByteCount` bytes.
    ///
    /// What is written of a chunk stays until all of it is: it is to be had from one place.
    mutating func dropWritten(keeping tailByteCount: Int) {
        let end = writtenChunkCount > 0 ? chunkEnds[writtenChunkCount - 1] : 0
        while let first = pieces.first, first.start + first.bytes.readableBytes <= end,
            receivedByteCount - first.start > tailByteCount
        {
            pieces.removeFirst()
        }
    }

    /// The part of `range` that is in memory, in pieces; `nil` if its beginning is not.
    func inMemory(_ range: Range<Int>) -> [ByteBuffer]? {
        guard let first = pieces.first, first.start <= range.lowerBound else { return nil }
        // Readers are near the end, so that is where to look.
        let index = pieces.lastIndex { $0.start <= range.lowerBound } ?? pieces.startIndex
        return pieces[index...].prefix { $0.start < range.upperBound }.compactMap { piece in
            let lower = max(range.lowerBound, piece.start) - piece.start
            let upper = min(range.upperBound - piece.start, piece.bytes.readableBytes)
            return piece.bytes.getSlice(at: piece.bytes.readerIndex + lower, length: upper - lower)
        }
    }
}
