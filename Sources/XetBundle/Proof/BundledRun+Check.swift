import NIOCore
package import XetAccess
import XetCore

extension BundledRun {
    /// Unpacks every chunk and compares it with what is said of it; returns what a cache keeps of the run.
    ///
    /// Nothing is proven by that but that the chunks are those of the hashes beside them.
    package func checked() throws(BundleError) -> ChunkRunContents {
        var unpacker = ChunkUnpacker()
        var scratch: [UInt8] = []
        var kept: [ChunkRecord] = []
        kept.reserveCapacity(records.count)
        let span = bytes.readableBytesSpan
        var offset = 0
        for (index, record) in records.enumerated() {
            let wrong = BundleError.wrongChunk(xorb: xorb, chunk: chunks.start + index)
            let end = offset + record.serializedByteCount
            guard end <= span.byteCount else { throw wrong }
            let serialized = span.extracting(offset..<end)
            do throws(ChunkError) {
                let header = try ChunkHeader(parsing: serialized)
                guard header.serializedByteCount == record.serializedByteCount,
                    header.unpackedByteCount == record.unpackedByteCount
                else { throw .truncated(needed: header.serializedByteCount, available: record.serializedByteCount) }
                let payload = serialized.extracting(ChunkHeader.byteCount..<serialized.byteCount)
                try scratch.replace(capacity: header.unpackedByteCount) { (output) throws(ChunkError) in
                    try unpacker.unpack(header, payload: payload, into: &output)
                }
            } catch {
                throw wrong
            }
            guard ChunkHash(ofChunk: scratch.rawSpan) == record.hash else { throw wrong }
            kept.append(
                ChunkRecord(
                    serializedByteCount: record.serializedByteCount,
                    unpackedByteCount: record.unpackedByteCount,
                    checksum: CRC64(of: serialized).value,
                    hash: record.hash
                )
            )
            offset = end
        }
        guard offset == span.byteCount,
            let contents = ChunkRunContents(xorb: xorb, chunks: chunks, firstByte: firstByte, records: kept)
        else { throw .wrongChunk(xorb: xorb, chunk: chunks.start) }
        return contents
    }
}
