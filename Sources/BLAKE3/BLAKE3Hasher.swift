/// BLAKE3 with 32-byte output, plain or keyed, over bytes that arrive in pieces.
///
/// Pieces of 64 KiB and more are hashed where they lie, nearly as fast as in one call; small ones pay for a copy of up
/// to 1 KiB each and for fewer chunks side by side. Holds 2.8 KiB, all of it inline; it is not copyable so that these
/// are not copied unseen.
public struct BLAKE3Hasher: ~Copyable, Sendable {
    private var tree: ChunkTree

    /// The last bytes so far, 1...1024 unless nothing came yet: they may be the input's last chunk, which is hashed
    /// differently when it is also the only one.
    private var lastChunk = LastChunk()

    /// A plain hash.
    public init() {
        self.init(key: nil, kernel: .best)
    }

    /// A keyed hash.
    public init(key: BLAKE3Key) {
        self.init(key: key, kernel: .best)
    }

    /// A hash by a given kernel, plain when `key` is nil.
    @_spi(Kernels) public init(key: BLAKE3Key?, kernel: BLAKE3Kernel) {
        tree = ChunkTree(key: key, kernel: kernel)
    }

    /// Adds bytes to the end of the input.
    public mutating func update(_ bytes: RawSpan) {
        var rest = bytes
        if lastChunk.byteCount > 0 {
            lastChunk.fill(from: &rest)
            guard !rest.isEmpty else { return }
            // More follows, so this chunk is full and not the last one.
            tree.append(lastChunk.bytes)
            lastChunk.removeAll()
        }
        if rest.byteCount > ChunkTree.chunkByteCount {
            let byteCount = (rest.byteCount - 1) / ChunkTree.chunkByteCount * ChunkTree.chunkByteCount
            tree.append(rest.extracting(first: byteCount))
            rest = rest.extracting(droppingFirst: byteCount)
        }
        lastChunk.fill(from: &rest)
    }

    /// The hash of the bytes so far.
    ///
    /// More may be added afterwards, and the hash asked again.
    public func finalize() -> BLAKE3Digest {
        tree.digest(lastChunk: lastChunk.bytes)
    }
}

extension BLAKE3Hasher {
    /// The hash of `bytes`, keyed when a key is given.
    ///
    /// Reads the bytes where they lie and allocates nothing.
    public static func hash(_ bytes: RawSpan, key: BLAKE3Key? = nil) -> BLAKE3Digest {
        ChunkTree.digest(of: bytes, key: key, kernel: .best)
    }

    /// The hash of `bytes` by a given kernel.
    @_spi(Kernels) public static func hash(
        _ bytes: RawSpan,
        key: BLAKE3Key?,
        kernel: BLAKE3Kernel
    ) -> BLAKE3Digest {
        ChunkTree.digest(of: bytes, key: key, kernel: kernel)
    }
}
