/// A file that is read in segments, all of the same length but the last.
struct FileSegments: Sendable {
    /// Longer than any chunk.
    static let byteCount = 1 << 20

    let fileByteCount: UInt64
    let read: ParallelFileHasher.Read

    var count: UInt64 {
        let length = UInt64(Self.byteCount)
        return fileByteCount / length + (fileByteCount % length > 0 ? 1 : 0)
    }

    /// Replaces the content of `buffer` by a segment.
    func read(_ segment: UInt64, into buffer: inout ScratchBuffer) throws {
        let start = segment * UInt64(Self.byteCount)
        try buffer.replace(capacity: Int(min(UInt64(Self.byteCount), fileByteCount - start))) { output in
            try read(start, &output)
            guard output.freeCapacity == 0 else {
                throw FileHashError.truncated(expected: fileByteCount, found: start + UInt64(output.byteCount))
            }
        }
    }
}
