public import BLAKE3

extension ContentHash {
    /// The keyed BLAKE3 of `bytes`.
    public init(keyed key: BLAKE3Key, _ bytes: RawSpan) {
        self.init(BLAKE3Hasher.hash(bytes, key: key))
    }

    init(_ digest: BLAKE3Digest) {
        self.init(words: (digest.w0, digest.w1, digest.w2, digest.w3))
    }

    /// The keyed BLAKE3 of this hash's 32 raw bytes.
    public func keyed(_ key: BLAKE3Key) -> Self {
        Self(keyed: key, bytes.rawSpan)
    }

    /// Uses the 32 raw bytes as a key.
    public var key: BLAKE3Key { BLAKE3Key(words: words) }
}

extension ChunkHash {
    /// The hash of a chunk, from its unpacked bytes.
    public init(ofChunk bytes: RawSpan) {
        self.init(keyed: HashKey.data, bytes)
    }
}

extension ShardHash {
    /// The hash of a stored shard, from the whole file, footer included.
    public init(ofShard bytes: RawSpan) {
        self.init(keyed: HashKey.data, bytes)
    }
}

extension VerificationHash {
    /// The verification hash of a term, from the hashes of its chunks in the xorb's order; `nil` for no chunks.
    ///
    /// Source: draft-denis-xet, "Term Verification Hashes".
    public init?(ofTerm chunks: some Collection<ChunkHash>) {
        guard !chunks.isEmpty else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(chunks.count * 32)
        for chunk in chunks {
            chunk.append(to: &bytes)
        }
        self.init(keyed: HashKey.verification, bytes.rawSpan)
    }
}
