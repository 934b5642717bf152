import NIOCore
import XetCore

/// Decodes a range of a xorb's chunks and holds each against its hash.
struct ChunkRangeDecoder: ~Copyable {
    private let index: XorbIndex
    private let firstChunk: Int
    private var reader = XorbChunkReader()
    private var unpacker = ChunkUnpacker()

    init(index: XorbIndex, firstChunk: Int) {
        self.index = index
        self.firstChunk = firstChunk
    }

    /// Serialized bytes of the chunks that were found right.
    var serializedByteCount: Int { reader.serializedByteCount }

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
        guard chunk < index.chunkCount, bytes.count == index.unpackedByteCount(of: chunk),
            ChunkHash(ofChunk: bytes.rawSpan) == index.chunkHashes[chunk]
        else {
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
