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
            try await read(start..<end, of: term, body)
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

/// Decodes a range of a xorb's chunks and checks each.
private struct ChunkRangeDecoder: ~Copyable {
    private let index: XorbIndex
    private let firstChunk: Int
    private var reader = XorbChunkReader()
    private var unpacker = ChunkUnpacker()

    init(index: XorbIndex, firstChunk: Int) {
        self.index = index
        self.firstChunk = firstChunk
    }

    mutating func next(in piece: ByteBuffer, from offset: inout Int) throws(StoreError) -> [UInt8]? {
        let span = piece.readableBytesSpan
        let item: XorbChunkReader.Item
        let bytes: [UInt8]
        do throws(XorbError) {
            guard let next = try reader.next(in: span, from: &offset) else { return nil }
            item = next
            bytes = try reader.unpack(item, in: span, with: &unpacker)
        } catch {
            throw .corruptXorb(index.hash, error)
        }
        let chunk = firstChunk + item.index
        guard chunk < index.chunkCount, ChunkHash(ofChunk: bytes.rawSpan) == index.chunkHashes[chunk] else {
            throw .corruptChunk(xorb: index.hash, chunk: chunk)
        }
        return bytes
    }

    mutating func finish() throws(StoreError) {
        do throws(XorbError) {
            try reader.finish()
        } catch {
            throw .corruptXorb(index.hash, error)
        }
    }
}
