public import NIOCore
public import XetAccess
public import XetCore

/// Rebuilds files from the xorbs of a store.
///
/// Every chunk is held against its hash, so bytes that changed on disk are never handed out.
public struct StoredFileReader: Sendable {
    private let xorbs: any XorbStore

    /// A reader over the xorbs of a store.
    public init(xorbs: any XorbStore) {
        self.xorbs = xorbs
    }

    /// Hands the bytes of a range to `body`, in order, at most a chunk at a time.
    ///
    /// Throws what `body` throws, and ``StoreError`` when the range ends behind the file or the store is damaged.
    public func read(
        _ range: FileByteRange,
        of file: ShardFile,
        _ body: (ByteBuffer) async throws -> Void
    ) async throws {
        guard range.end <= file.byteCount else {
            throw StoreError.beyondEndOfFile(file.hash, end: range.end, byteCount: file.byteCount)
        }
        guard !range.isEmpty else { return }
        var termStart: UInt64 = 0
        for term in file.terms {
            let termEnd = termStart + UInt64(term.unpackedByteCount)
            defer { termStart = termEnd }
            guard termStart < range.end else { return }
            guard termEnd > range.start else { continue }
            let start = range.start > termStart ? Int(range.start - termStart) : 0
            let end = Int(min(range.end, termEnd) - termStart)
            try await xorbs.examiningDamage { try await read(start..<end, of: term, body) }
        }
    }

    /// Reads bytes of a term, counted from its start.
    private func read(
        _ bytes: Range<Int>,
        of term: Term,
        _ body: (ByteBuffer) async throws -> Void
    ) async throws {
        guard let index = try await xorbs.index(of: term.xorb) else { throw StoreError.unknownXorb(term.xorb) }
        guard let trimmed = TrimmedTerm(term, bytes: bytes, index: index),
            let serialized = index.serializedRange(of: trimmed.chunks)
        else { throw StoreError.termOutOfBounds(xorb: term.xorb, end: term.chunks.end, chunkCount: index.chunkCount) }
        var decoder = ChunkRangeDecoder(index: index, firstChunk: trimmed.chunks.start)
        var skipped = trimmed.offset
        var wanted = bytes.count
        try await xorbs.read(serialized, of: term.xorb) { piece in
            var offset = 0
            while let chunk = try decoder.next(in: piece, from: &offset) {
                let part = chunk.dropFirst(skipped).prefix(wanted)
                skipped = max(0, skipped - chunk.count)
                wanted -= part.count
                if !part.isEmpty {
                    try await body(ByteBuffer(bytes: part))
                }
            }
        }
        try decoder.finish()
    }
}
