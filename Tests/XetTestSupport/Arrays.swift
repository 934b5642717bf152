public import XetCore

// The macros of Testing cannot take an expression that has a span in it, so tests give arrays.

extension ContentHash {
    /// The hash of these 32 bytes.
    public init?(array: [UInt8]) {
        self.init(bytes: array.rawSpan)
    }
}

extension ChunkHash {
    /// The hash of a chunk.
    public init(ofChunk array: [UInt8]) {
        self.init(ofChunk: array.rawSpan)
    }
}

extension SHA256Digest {
    /// The digest of these 32 bytes.
    public init?(array: [UInt8]) {
        self.init(bytes: array.rawSpan)
    }
}

extension Chunker {
    /// The end offsets of the chunks of a whole file.
    public static func cuts(of array: [UInt8]) -> [Int] {
        cuts(of: array.rawSpan)
    }
}

extension ChunkHeader {
    /// Parses the first 8 bytes.
    public init(parsing array: [UInt8]) throws(ChunkError) {
        try self.init(parsing: array.rawSpan)
    }
}

extension XorbFooter {
    /// Parses a footer.
    public init(parsing array: [UInt8], start: UInt64) throws(XorbError) {
        try self.init(parsing: array.rawSpan, start: start)
    }

    /// The length of the footer of a stored xorb.
    public static func byteCount(ofStored xorb: [UInt8]) throws(XorbError) -> Int {
        try byteCount(trailer: Array(xorb.suffix(trailerByteCount)).rawSpan, xorbByteCount: UInt64(xorb.count))
    }

    /// The footer of a stored xorb.
    public init(ofStored xorb: [UInt8]) throws(XorbError) {
        let start = xorb.count - Self.trailerByteCount - (try Self.byteCount(ofStored: xorb))
        try self.init(parsing: Array(xorb[start..<xorb.count - Self.trailerByteCount]), start: UInt64(start))
    }
}

extension Shard {
    /// Parses a whole shard.
    public init(parsing array: [UInt8]) throws(ShardError) {
        try self.init(parsing: array.rawSpan)
    }
}

/// A chunk as it came out of a serialized xorb.
public struct UnpackedChunk: Hashable, Sendable {
    /// The header before it.
    public let header: ChunkHeader
    /// The chunk itself.
    public let bytes: [UInt8]
}

/// Reads a serialized xorb piece by piece.
public func unpackedChunks(
    of pieces: some Sequence<[UInt8]>,
    end: XorbChunkReader.End = .chunksOnly
) throws(XorbError) -> [UnpackedChunk] {
    var reader = XorbChunkReader(end: end)
    var unpacker = ChunkUnpacker()
    var chunks: [UnpackedChunk] = []
    for piece in pieces {
        var offset = 0
        while let item = try reader.next(in: piece.rawSpan, from: &offset) {
            chunks.append(
                UnpackedChunk(header: item.header, bytes: try reader.unpack(item, in: piece.rawSpan, with: &unpacker))
            )
        }
    }
    try reader.finish()
    return chunks
}

/// Unpacks the first chunk of a serialized xorb.
public func unpackedChunk(_ serialized: [UInt8]) throws(ChunkError) -> [UInt8] {
    let header = try ChunkHeader(parsing: serialized)
    var unpacker = ChunkUnpacker()
    let payload = Array(serialized.dropFirst(ChunkHeader.byteCount))
    return try unpacker.unpack(header, payload: payload.rawSpan)
}
