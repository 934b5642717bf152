import BLAKE3
import NIOCore
import XetCore

/// Lets chunks through as they come out of a store, each when all of it is there and its seal is right.
struct BlockVerifier: ~Copyable {
    private let key: BLAKE3Key
    private var records: ArraySlice<BlockHeader.Record>
    private var hasher: BLAKE3Hasher
    /// Bytes of the first of the records that have not come yet.
    private var rest: Int
    /// What came of that chunk.
    private var held: [ByteBuffer] = []

    /// Waits for the chunks of `records`, in order.
    init(_ records: ArraySlice<BlockHeader.Record>, key: BLAKE3Key) {
        self.key = key
        self.records = records
        hasher = BLAKE3Hasher(key: key)
        rest = records.first?.serializedByteCount ?? 0
    }

    /// Whether all chunks have come.
    var isComplete: Bool { records.isEmpty }

    /// Takes the next bytes; returns those of chunks that they complete.
    ///
    /// Throws ``WrongObject``.
    mutating func take(_ piece: ByteBuffer) throws(WrongObject) -> [ByteBuffer] {
        let span = piece.readableBytesSpan
        var offset = 0
        var complete = 0
        while offset < span.byteCount, let record = records.first {
            let count = min(rest, span.byteCount - offset)
            hasher.update(span.extracting(offset..<offset + count))
            offset += count
            rest -= count
            guard rest == 0 else { break }
            guard BlockHeader.Seal(hasher.finalize()) == record.seal else { throw WrongObject() }
            records = records.dropFirst()
            rest = records.first?.serializedByteCount ?? 0
            hasher = BLAKE3Hasher(key: key)
            complete = offset
        }
        guard complete > 0 else {
            if !isComplete { held.append(piece) }
            return []
        }
        var pieces = held
        held = []
        if let whole = piece.getSlice(at: piece.readerIndex, length: complete) { pieces.append(whole) }
        if !isComplete, complete < span.byteCount,
            let part = piece.getSlice(at: piece.readerIndex + complete, length: span.byteCount - complete)
        {
            held.append(part)
        }
        return pieces
    }
}

/// An object is not what its name and its seals say.
struct WrongObject: Error, Hashable {}
