import NIOCore
import XetCore

/// Cuts a file that comes in pieces into the chunks of batches.
///
/// Bytes stay where they were read; only a chunk that lies in several pieces is put together.
struct FileCutter: Sendable {
    private var chunker = Chunker()
    /// The start of a chunk whose end has not come yet.
    private var open = ByteBuffer()

    /// Adds the chunks that end in a piece to `batch`, from `offset` on; returns early, with the offset behind, when it has
    /// `byteCount` bytes.
    mutating func cut(_ piece: ByteBuffer, from offset: inout Int, into batch: inout ChunkBatch, until byteCount: Int) {
        let bytes = piece.readableBytesSpan
        var isAppended = false
        while offset < bytes.byteCount, batch.byteCount < byteCount {
            let start = offset
            guard let cut = chunker.nextCut(in: bytes.extracting(offset..<bytes.byteCount)) else {
                open.writeImmutableBuffer(piece.slice(from: start))
                offset = bytes.byteCount
                return
            }
            offset += cut
            if open.readableBytes > 0 {
                open.writeImmutableBuffer(piece.slice(from: start, count: cut))
                closeChunk(in: &batch)
                isAppended = false
            } else {
                if !isAppended { batch.append(piece) }
                isAppended = true
                batch.addChunk(start..<offset)
            }
        }
    }

    /// Ends the file: what is left is a chunk.
    mutating func finish(into batch: inout ChunkBatch) {
        if open.readableBytes > 0 { closeChunk(in: &batch) }
        chunker = Chunker()
    }

    private mutating func closeChunk(in batch: inout ChunkBatch) {
        batch.append(open)
        batch.addChunk(0..<open.readableBytes)
        open = ByteBuffer()
    }
}

extension ByteBuffer {
    fileprivate func slice(from offset: Int, count: Int? = nil) -> ByteBuffer {
        getSlice(at: readerIndex + offset, length: count ?? readableBytes - offset) ?? ByteBuffer()
    }
}
