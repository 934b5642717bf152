package import NIOCore
package import XetCore

/// Reads chunks from where they are kept, and lets nothing through that is not as it was kept.
package enum KeptBytes {
    /// The bytes that `read` gives, if they are those of the records: chunks from `firstChunk` on.
    ///
    /// Throws ``ChunkStoreError`` otherwise, and `CancellationError`.
    package static func read(
        _ records: some Sequence<ChunkRecord>,
        firstChunk: Int,
        of xorb: XorbHash,
        _ read: () async throws -> ByteBuffer
    ) async throws -> ByteBuffer {
        let bytes: ByteBuffer
        do {
            bytes = try await read()
        } catch let error where !(error is CancellationError) {
            throw ChunkStoreError.damaged(xorb: xorb, chunk: firstChunk)
        }
        let span = bytes.readableBytesSpan
        var offset = 0
        for (index, record) in records.enumerated() {
            let end = offset + record.serializedByteCount
            guard end <= span.byteCount, CRC64(of: span.extracting(offset..<end)).value == record.checksum else {
                throw ChunkStoreError.damaged(xorb: xorb, chunk: firstChunk + index)
            }
            offset = end
        }
        guard offset == span.byteCount else { throw ChunkStoreError.damaged(xorb: xorb, chunk: firstChunk) }
        return bytes
    }
}
