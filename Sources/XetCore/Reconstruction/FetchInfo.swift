/// Where the serialized bytes of a range of chunks are to be had, for a short time.
public struct FetchInfo: Hashable, Sendable {
    /// The chunks that the bytes hold.
    public let chunks: ChunkRange
    /// Their bytes in the serialized xorb.
    ///
    /// It is part of the URL's signature: send it unchanged.
    public let bytes: HTTPByteRange
    /// The signed URL.
    public let url: SignedURL

    /// Throws when the chunks cannot have that many bytes.
    public init(chunks: ChunkRange, bytes: HTTPByteRange, url: SignedURL) throws(ReconstructionError) {
        let largest = UInt64(ChunkHeader.maximumPackedByteCount + ChunkHeader.byteCount)
        let count = UInt64(chunks.count)
        guard count <= bytes.count / UInt64(ChunkHeader.byteCount), bytes.count <= count * largest else {
            throw .implausibleFetchLength(chunkCount: chunks.count, byteCount: bytes.count)
        }
        self.chunks = chunks
        self.bytes = bytes
        self.url = url
    }
}

/// An address that is its own credential; prints without its query.
public struct SignedURL: Hashable, Sendable, CustomStringConvertible {
    /// The whole address.
    ///
    /// Never store or log it.
    public let secret: String

    /// Wraps an address as the CAS gave it.
    public init(_ secret: String) {
        self.secret = secret
    }

    public var description: String {
        String(secret.prefix { $0 != "?" && $0 != "#" })
    }
}
