/// Packs chunks into one serialized xorb.
///
/// Source: draft-denis-xet, "Xorb Format"; the limits are the reference client's.
public struct XorbBuilder: ~Copyable {
    /// Most unpacked bytes that one xorb takes.
    public static let maximumUnpackedByteCount = 64 * 1024 * 1024
    /// Most bytes that a serialized xorb may have; servers refuse a longer one.
    public static let maximumSerializedByteCount = 64 * 1024 * 1024
    /// Most chunks that one xorb takes.
    public static let maximumChunkCount = 8192

    private var packer = ChunkSequencePacker()
    private var tree = MerkleTree()
    private var hashes: [ChunkHash] = []
    private var unpackedEnds: [UInt32] = []

    /// An empty xorb.
    public init() {}

    /// Chunks so far.
    public var chunkCount: Int { hashes.count }
    /// Unpacked bytes so far.
    public var unpackedByteCount: Int { Int(unpackedEnds.last ?? 0) }

    /// Whether a chunk of `byteCount` bytes still fits.
    public func hasRoom(for byteCount: Int) -> Bool {
        // At worst the chunk is stored as it is.
        chunkCount < Self.maximumChunkCount && unpackedByteCount + byteCount <= Self.maximumUnpackedByteCount
            && packer.bytes.count + ChunkHeader.byteCount + byteCount <= Self.maximumSerializedByteCount
    }

    /// Has the scheme predicted from the next chunk, since other content begins.
    public mutating func beginFile() {
        packer.beginFile()
    }

    /// Adds a chunk of 1 ...
    ///
    /// 131,072 bytes and returns its index; throws ``XorbError/full`` if it does not fit.
    @discardableResult
    public mutating func append(_ chunk: RawSpan, hash: ChunkHash) throws(XorbError) -> Int {
        guard hasRoom(for: chunk.byteCount) else { throw .full }
        let index = chunkCount
        do throws(ChunkError) {
            try packer.append(chunk)
        } catch {
            throw .invalidChunk(index: index, offset: packer.bytes.count, error)
        }
        unpackedEnds.append(UInt32(unpackedByteCount + chunk.byteCount))
        hashes.append(hash)
        tree.append(hash, byteCount: chunk.byteCount)
        return index
    }

    /// The finished xorb; throws ``XorbError/noChunks`` if it is empty.
    public consuming func finish() throws(XorbError) -> SerializedXorb {
        let tree = tree
        let (hashes, unpackedEnds) = (hashes, unpackedEnds)
        var assembler = XorbAssembler()
        assembler.append(packer.finish())
        return try assembler.finish(hash: tree.xorbHash, chunkHashes: hashes, unpackedEnds: unpackedEnds)
    }
}

/// A xorb's serialized chunks, without footer, and what is in them.
public struct SerializedXorb: Sendable {
    /// The body of an upload, in parts: headers and payloads.
    public let parts: [[UInt8]]
    /// Hashes and limits of the chunks.
    public let index: XorbIndex

    init(parts: [[UInt8]], index: XorbIndex) {
        self.parts = parts
        self.index = index
    }

    /// The body of an upload as a whole.
    public var chunks: [UInt8] { parts.count == 1 ? parts[0] : Array(parts.joined()) }

    /// The form that stores keep: chunks, footer of version 1, its length.
    public var stored: [UInt8] {
        var bytes = chunks
        index.footer.append(to: &bytes, unpackedEnds: index.unpackedEnds)
        return bytes
    }

    /// Reads an upload body, of whatever origin: every chunk is unpacked and hashed, a footer is ignored.
    ///
    /// Throws when a chunk is invalid, none is there, or the root is not `expected`.
    public init(verifying body: [UInt8], expected: XorbHash? = nil) throws(XorbError) {
        var verifier = XorbVerifier()
        try verifier.append(body.rawSpan)
        let byteCount = verifier.serializedByteCount
        index = try verifier.finish(expected: expected)
        parts = [byteCount == body.count ? body : Array(body.prefix(byteCount))]
    }
}
