import CBLAKE3

/// The chunks hashed so far, and the only caller of the C kernels.
///
/// Preconditions that the calls below share: spans give addresses that are valid for their byte count during the call,
/// `pending` has `CBLAKE3_PENDING_SIZE` bytes, and a `BLAKE3Kernel` exists only where its instructions can run.
struct ChunkTree: ~Copyable, Sendable {
    /// Bytes of a chunk.
    static let chunkByteCount = Int(CBLAKE3_CHUNK_SIZE)

    private let kernel: cblake3_kernel
    private let key: cblake3_key
    private var chunkCount: UInt64 = 0
    /// Chaining values of whole subtrees that wait for their right sibling: 54 levels of four words.
    ///
    /// The kernels read and write it as bytes.
    private var pending = InlineArray<216, UInt64>(repeating: 0)

    init(key: BLAKE3Key?, kernel: BLAKE3Kernel) {
        self.kernel = kernel.identifier
        self.key = cblake3_key(key)
    }

    /// Adds whole chunks.
    ///
    /// More input must follow them: the last chunk goes to `digest(lastChunk:)`.
    mutating func append(_ chunks: RawSpan) {
        precondition(chunks.byteCount.isMultiple(of: Self.chunkByteCount), "only the last chunk may be short")
        let count = chunks.byteCount / Self.chunkByteCount
        var store = pending.mutableSpan
        // SAFETY: `chunks` has `count` chunks; `pending` is this tree's own and belongs to `chunkCount`.
        unsafe chunks.withUnsafeBytes { input in
            unsafe store.withUnsafeMutableBytes { pending in
                unsafe withUnsafePointer(to: key) { key in
                    unsafe cblake3_append(kernel, key, chunkCount, input.baseAddress, count, pending.baseAddress)
                }
            }
        }
        chunkCount += UInt64(count)
    }

    /// The root over the chunks so far and the last one, of 1...1024 bytes, or 0 when there is no other.
    func digest(lastChunk: RawSpan) -> BLAKE3Digest {
        precondition(lastChunk.byteCount <= Self.chunkByteCount, "more than one chunk")
        precondition(!lastChunk.isEmpty || chunkCount == 0, "the last chunk of several is never empty")
        let store = pending.span
        // SAFETY: the two checks above are what the kernel asks of the last chunk; `pending` is only read.
        return unsafe lastChunk.withUnsafeBytes { input in
            unsafe store.withUnsafeBytes { pending in
                unsafe withUnsafePointer(to: key) { key in
                    unsafe BLAKE3Digest { digest in
                        unsafe cblake3_finish(
                            kernel,
                            key,
                            chunkCount,
                            input.baseAddress,
                            input.count,
                            pending.baseAddress,
                            digest,
                        )
                    }
                }
            }
        }
    }

    /// The hash of an input that is at hand as a whole.
    static func digest(of bytes: RawSpan, key: BLAKE3Key?, kernel: BLAKE3Kernel) -> BLAKE3Digest {
        // SAFETY: `input` is valid for its count; it may be null when that is 0.
        unsafe bytes.withUnsafeBytes { input in
            unsafe withUnsafePointer(to: cblake3_key(key)) { key in
                unsafe BLAKE3Digest { digest in
                    unsafe cblake3_hash(kernel.identifier, key, input.baseAddress, input.count, digest)
                }
            }
        }
    }
}
