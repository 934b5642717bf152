import NIOCore
import XetCore

/// Chunks of a xorb that were unpacked one behind the other into one buffer.
///
/// Handing over several at once saves a task switch, an allocation and a write for each.
struct DecodedBatch: Sendable {
    /// One of the chunks.
    struct Chunk: Sendable {
        /// Its number in the xorb.
        let index: Int
        let byteCount: Int
        /// Its hash; `nil` when nothing can be verified with it.
        fileprivate(set) var hash: ChunkHash?
    }

    /// The bytes of all chunks, in order.
    private(set) var bytes: ByteBuffer
    /// The chunks, in the order of the xorb.
    private(set) var chunks: [Chunk] = []

    /// An empty batch with room for `byteCount` bytes.
    init(byteCount: Int) {
        bytes = ByteBufferAllocator().buffer(capacity: byteCount)
    }

    var byteCount: Int { bytes.readableBytes }

    /// Bytes for which there is still room.
    var freeByteCount: Int { bytes.writableBytes }

    /// Appends a chunk that `body` unpacks.
    ///
    /// Precondition: there is room for `byteCount` bytes, so that nothing is moved. Adds to `work` what it took: three
    /// readings of the clock, about 0.3% of what a chunk of 64 KiB takes.
    mutating func append(
        _ index: Int,
        byteCount: Int,
        isHashing: Bool,
        work: inout DecodingWork,
        _ body: (inout OutputRawSpan) throws(XorbError) -> Void
    ) throws(XorbError) {
        precondition(byteCount <= freeByteCount)
        let start = bytes.readableBytes
        let beginning = ContinuousClock.now
        try bytes.writeWithOutputRawSpan(minimumWritableBytes: byteCount) { (output) throws(XorbError) in
            try body(&output)
        }
        let unpacked = ContinuousClock.now
        work.decoding += unpacked - beginning
        work.byteCount += bytes.readableBytes - start
        let hash = isHashing ? hash(from: start) : nil
        if isHashing { work.hashing += .now - unpacked }
        chunks.append(Chunk(index: index, byteCount: bytes.readableBytes - start, hash: hash))
    }

    /// Takes the hash of the last chunk from whoever has it.
    mutating func note(_ hash: ChunkHash) {
        guard !chunks.isEmpty else { return }
        chunks[chunks.count - 1].hash = hash
    }

    private func hash(from start: Int) -> ChunkHash {
        let span = bytes.readableBytesSpan
        return ChunkHash(ofChunk: span.extracting(start..<span.byteCount))
    }

    /// Drops the chunks before `index`.
    mutating func drop(before index: Int) {
        let dropped = chunks.prefix { $0.index < index }
        guard !dropped.isEmpty else { return }
        bytes.moveReaderIndex(forwardBy: dropped.reduce(0) { $0 + $1.byteCount })
        chunks = Array(chunks.dropFirst(dropped.count))
    }
}

/// A chunk as it came out of a xorb.
struct DecodedChunk: Sendable {
    /// The buffer that holds it, and others.
    let buffer: ByteBuffer
    /// Where in the buffer it lies, from the buffer's reader index on.
    let range: Range<Int>
    /// Tells the buffer from all others of a download.
    let batch: BatchID
    /// Its hash; `nil` when nothing can be verified with it.
    let hash: ChunkHash?

    var byteCount: Int { range.count }
}

/// Names a batch.
struct BatchID: Hashable, Sendable {
    /// The number of its fetch.
    let fetch: Int
    /// Its number among the fetch's.
    let number: Int
}
