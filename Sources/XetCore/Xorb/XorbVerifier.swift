/// Checks a serialized xorb that comes in pieces: every chunk is unpacked and hashed, a footer is ignored.
///
/// Call ``append(_:)`` for each piece and ``finish(expected:)`` after the last. Holds one chunk, and 40 bytes per chunk
/// for the index.
package struct XorbVerifier: ~Copyable {
    private let maximumChunkCount: Int
    private var reader = XorbChunkReader(end: .chunksOrFooter)
    private var unpacker = ChunkUnpacker()
    private var tree = MerkleTree()
    private var hashes: [ChunkHash] = []
    private var serializedEnds: [UInt32] = []
    private var unpackedEnds: [UInt32] = []
    private var unpacked: [UInt8] = []

    /// A verifier that takes at most that many chunks, which bounds its memory.
    package init(maximumChunkCount: Int = .max) {
        self.maximumChunkCount = maximumChunkCount
    }

    /// Bytes of the chunks so far; what came after them is footer.
    package var serializedByteCount: Int { reader.serializedByteCount }

    /// Takes the next piece; throws when a chunk in it is invalid or one too many.
    package mutating func append(_ piece: RawSpan) throws(XorbError) {
        var offset = 0
        while let item = try reader.next(in: piece, from: &offset) {
            guard hashes.count < maximumChunkCount else { throw .full }
            // Taken out, so that the closure touches nothing else of this value.
            var bytes: [UInt8] = []
            swap(&bytes, &unpacked)
            try bytes.replace(capacity: item.header.unpackedByteCount) { (output) throws(XorbError) in
                try reader.unpack(item, in: piece, with: &unpacker, into: &output)
            }
            let hash = ChunkHash(ofChunk: bytes.rawSpan)
            tree.append(hash, byteCount: bytes.count)
            swap(&bytes, &unpacked)
            guard let unpackedEnd = UInt32(exactly: tree.byteCount),
                let serializedEnd = UInt32(exactly: reader.serializedByteCount)
            else { throw .full }
            hashes.append(hash)
            unpackedEnds.append(unpackedEnd)
            serializedEnds.append(serializedEnd)
        }
    }

    /// The index of the xorb; throws when its end is missing, no chunk is there, or the root is not `expected`.
    package consuming func finish(expected: XorbHash? = nil) throws(XorbError) -> XorbIndex {
        try reader.finish()
        guard !hashes.isEmpty else { throw .noChunks }
        let found = tree.xorbHash
        guard expected == nil || expected == found else {
            throw .hashMismatch(expected: expected ?? found, found: found)
        }
        let footer = try XorbFooter(
            hash: found,
            chunkHashes: hashes,
            serializedEnds: serializedEnds,
            unpackedEnds: unpackedEnds
        )
        return XorbIndex(footer: footer, unpackedEnds: unpackedEnds)
    }
}
