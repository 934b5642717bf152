/// The end of an input that is not finished: up to one chunk of bytes.
struct LastChunk: ~Copyable, Sendable {
    private var storage = InlineArray<1024, UInt8>(repeating: 0)
    private(set) var byteCount = 0

    /// The bytes held.
    var bytes: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            // SAFETY: UInt8 has no padding.
            unsafe storage.span.bytes.extracting(first: byteCount)
        }
    }

    /// Moves bytes from the front of `source` to the end of the chunk, until that is full or `source` is empty.
    mutating func fill(from source: inout RawSpan) {
        let count = min(ChunkTree.chunkByteCount - byteCount, source.byteCount)
        let moved = source.extracting(first: count)
        var room = storage.mutableSpan
        // SAFETY: UInt8 has no padding, and byteCount + count <= 1024; the slice of `destination` checks that again.
        unsafe room.withUnsafeMutableBytes { destination in
            unsafe moved.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: destination[byteCount..<byteCount + count])
                    .copyMemory(from: bytes)
            }
        }
        byteCount += count
        source = source.extracting(droppingFirst: count)
    }

    /// Forgets the bytes.
    mutating func removeAll() {
        byteCount = 0
    }
}
