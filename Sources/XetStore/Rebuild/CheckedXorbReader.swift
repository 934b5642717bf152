public import NIOCore
public import XetAccess
public import XetCore

/// Reads serialized chunks of kept xorbs.
///
/// Every chunk is unpacked and held against its hash before it is handed out, since clients that rebuild files
/// themselves do not check what they get.
public struct CheckedXorbReader: Sendable {
    private let xorbs: any XorbStore

    /// A reader over the xorbs of a store.
    public init(xorbs: any XorbStore) {
        self.xorbs = xorbs
    }

    /// Hands serialized chunks to `body`, in order, some at a time.
    ///
    /// Throws what `body` throws, and ``StoreError`` when the store is damaged.
    public func read(
        _ chunks: ChunkRange,
        of index: XorbIndex,
        _ body: (ByteBuffer) async throws -> Void
    ) async throws {
        guard let range = index.serializedRange(of: chunks) else {
            throw StoreError.termOutOfBounds(xorb: index.hash, end: chunks.end, chunkCount: index.chunkCount)
        }
        try await xorbs.examiningDamage {
            var decoder = ChunkRangeDecoder(index: index, firstChunk: chunks.start)
            var pending = ByteBuffer()
            var given = 0
            try await xorbs.read(range, of: index.hash) { piece in
                pending.writeImmutableBuffer(piece)
                var offset = 0
                while try decoder.next(in: piece, from: &offset) != nil {}
                let checked = decoder.serializedByteCount - given
                if checked > 0, let part = pending.readSlice(length: checked) {
                    given += checked
                    try await body(part)
                }
                // The part may still be on its way: what is left begins in a buffer of its own.
                pending = ByteBuffer(bytes: pending.readableBytesView)
            }
            try decoder.finish()
        }
    }
}

extension XorbStore {
    /// Runs `body`; a xorb that turns out to be damaged is examined, so that it is not used again.
    func examiningDamage<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as StoreError {
            if let xorb = error.damagedXorb {
                // The first error is the one to report.
                _ = try? await examine(xorb)
            }
            throw error
        }
    }
}

extension XorbIndex {
    /// The chunks that make up a range of serialized bytes; `nil` if it does not begin and end with chunks.
    public func chunks(serialized range: HTTPByteRange) -> ChunkRange? {
        guard let start = chunk(at: range.first), let end = chunk(at: range.last + 1) else { return nil }
        return ChunkRange(start: start, end: end)
    }

    /// The number of the chunk that begins at an offset, the count of chunks at the end; `nil` inside a chunk.
    private func chunk(at offset: UInt64) -> Int? {
        guard offset <= UInt64(serializedByteCount) else { return nil }
        var low = 0
        var high = chunkCount
        while low < high {
            let middle = low + (high - low) / 2
            if UInt64(serializedStart(of: middle)) >= offset {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return UInt64(serializedStart(of: low)) == offset ? low : nil
    }
}
