import XetCore

/// Whole chunks of one or several files, in order.
struct ChunkBatch: Sendable {
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
        let sha256: SHA256Digest?
    }

    var bytes: [UInt8] = []
    /// Offset in ``bytes`` at which each chunk ends.
    private(set) var ends: [Int] = []
    private(set) var parts: [Part] = []

    /// Bytes behind the last chunk.
    var hasOpenChunk: Bool { bytes.count > (ends.last ?? 0) }

    mutating func beginFile() {
        parts.append(Part(isStart: true, chunks: ends.count..<ends.count))
    }

    /// What was appended since the last chunk is one.
    mutating func closeChunk() {
        ends.append(bytes.count)
        parts[parts.count - 1].chunks = parts[parts.count - 1].chunks.lowerBound..<ends.count
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

    /// Where a chunk lies.
    func range(of chunk: Int) -> Range<Int> { (chunk == 0 ? 0 : ends[chunk - 1])..<ends[chunk] }

    /// The hashes of the chunks.
    func hashes() -> [ChunkHash] {
        ends.indices.map { ChunkHash(ofChunk: bytes.rawSpan.extracting(range(of: $0))) }
    }
}

/// A batch and its hashes.
struct HashedBatch: Sendable {
    let batch: ChunkBatch
    let hashes: [ChunkHash]

    init(_ batch: ChunkBatch) {
        self.batch = batch
        hashes = batch.hashes()
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
        var packer = ChunkSequencePacker()
        for chunk in chunks {
            if chunk.isFirstOfFile { packer.beginFile() }
            try packer.append(batch.bytes.rawSpan.extracting(batch.range(of: chunk.index)))
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
