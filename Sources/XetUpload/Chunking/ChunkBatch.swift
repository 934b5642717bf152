import NIOCore
import XetCore

/// Whole chunks of one or several files, in order, where they were read.
struct ChunkBatch: Sendable {
    /// A chunk: bytes of one buffer.
    struct Chunk: Sendable {
        let buffer: Int
        let range: Range<Int>
    }

    /// Chunks of one file.
    struct Part: Sendable {
        /// Whether the file begins with them.
        let isStart: Bool
        /// Which of the batch's chunks they are.
        var chunks: Range<Int>
        /// The file ends with them.
        var end: FileEnd?
    }

    /// What is known of a file when all of it was read.
    struct FileEnd: Sendable {
        let sha256: Promise<SHA256Digest>?
    }

    private var buffers: [ByteBuffer] = []
    private(set) var chunks: [Chunk] = []
    private(set) var parts: [Part] = []
    private(set) var byteCount = 0

    mutating func beginFile() {
        parts.append(Part(isStart: true, chunks: chunks.count..<chunks.count))
    }

    /// Takes a piece of the file, in which the next chunks are.
    mutating func append(_ buffer: ByteBuffer) {
        buffers.append(buffer)
    }

    /// Bytes of the last piece are a chunk; of a chunk that began in earlier ones, `buffer` has all.
    mutating func addChunk(_ range: Range<Int>) {
        chunks.append(Chunk(buffer: buffers.count - 1, range: range))
        parts[parts.count - 1].chunks = parts[parts.count - 1].chunks.lowerBound..<chunks.count
        byteCount += range.count
    }

    mutating func endFile(_ end: FileEnd) {
        parts[parts.count - 1].end = end
    }

    /// Empties it; a file that is not at its end goes on in the next.
    mutating func take() -> ChunkBatch {
        var next = ChunkBatch()
        if let last = parts.last, last.end == nil { next.parts = [Part(isStart: false, chunks: 0..<0)] }
        swap(&self, &next)
        return next
    }

    /// Calls `body` with the bytes of a chunk.
    func withBytes<Result, Failure: Error>(
        of chunk: Int,
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let place = chunks[chunk]
        let buffer = buffers[place.buffer]
        let bytes = buffer.readableBytesSpan
        return try body(bytes.extracting(place.range))
    }
}

/// A batch and its hashes.
struct HashedBatch: Sendable {
    let batch: ChunkBatch
    let hashes: [ChunkHash]

    init(_ batch: ChunkBatch) {
        self.batch = batch
        hashes = batch.chunks.indices.map { chunk in batch.withBytes(of: chunk) { ChunkHash(ofChunk: $0) } }
    }

    /// The chunks that a server may be asked about.
    var eligible: [ChunkHash] {
        batch.parts.flatMap { part in
            part.chunks.lazy.filter { chunk in
                hashes[chunk].isDedupEligible(isFirstOfFile: part.isStart && chunk == part.chunks.lowerBound)
            }.map { hashes[$0] }
        }
    }

    /// Packs some of the chunks, in order.
    func packed(_ chunks: [NewChunk]) throws -> PackedChunks {
        let byteCount = chunks.reduce(0) { $0 + ChunkHeader.byteCount + batch.chunks[$1.index].range.count }
        var packer = ChunkSequencePacker(capacity: byteCount)
        for chunk in chunks {
            if chunk.isFirstOfFile { packer.beginFile() }
            try batch.withBytes(of: chunk.index) { (bytes) throws(ChunkError) in try packer.append(bytes) }
        }
        return packer.finish()
    }
}

/// A chunk of a batch that is not kept anywhere yet.
struct NewChunk: Sendable {
    let index: Int
    /// Whether it is the first of its file that is new.
    let isFirstOfFile: Bool
}
