/// Computes the hash of files whose bytes can be read at any offset, on several cores.
///
/// Tasks take the segments of the file in turn. Each reads one, waits until the one before is cut into chunks, cuts its
/// own, and hashes the chunks that end in it while the next is cut. So one large file uses several cores too, as long as
/// cutting, half of the work, keeps up; and the bytes mostly stay in the cache of one core.
public struct ParallelFileHasher: ~Copyable {
    /// Fills the room of `output` with the bytes from `offset` on, less only if the file ends.
    public typealias Read = @Sendable (_ offset: UInt64, _ output: inout OutputRawSpan) throws -> Void

    private let taskCount: Int
    private let serialByteCount: UInt64
    private var buffer = ScratchBuffer()

    /// A hasher that uses so many tasks for one file, each of which holds a segment of 1 MiB.
    ///
    /// One more than there are cores keeps all of them busy. Files of up to `serialByteCount` are left to the calling task:
    /// when others have files of their own to hash, that costs less.
    public init(taskCount: Int, serialByteCount: UInt64 = 0) {
        precondition(taskCount > 0)
        self.taskCount = taskCount
        self.serialByteCount = max(serialByteCount, UInt64(FileSegments.byteCount))
    }

    /// The hash of the `byteCount` bytes that `read` gives.
    ///
    /// `read` is called from several tasks at once and may block them. Throws ``FileHashError/truncated(expected:found:)``
    /// when it gives fewer bytes, or what it throws.
    public mutating func hash(byteCount: UInt64, read: @escaping Read) async throws -> FileHash {
        let segments = FileSegments(fileByteCount: byteCount, read: read)
        if taskCount > 1, byteCount > serialByteCount {
            return try await Self.hash(segments, taskCount: UInt64(taskCount)) { _ in }
        }
        var hasher = FileHasher()
        for segment in 0..<segments.count {
            try Task.checkCancellation()
            try segments.read(segment, into: &buffer)
            hasher.update(buffer.bytes)
        }
        return hasher.finish()
    }

    /// The same, and calls `onChunks` with all chunks: in the order of the file, from one task at a time.
    package func hash(
        byteCount: UInt64,
        read: @escaping Read,
        onChunks: @escaping @Sendable ([(hash: ChunkHash, byteCount: Int)]) -> Void
    ) async throws -> FileHash {
        let segments = FileSegments(fileByteCount: byteCount, read: read)
        return try await Self.hash(segments, taskCount: UInt64(taskCount), onChunks: onChunks)
    }

    private static func hash(
        _ segments: FileSegments,
        taskCount: UInt64,
        onChunks: @escaping @Sendable ([(hash: ChunkHash, byteCount: Int)]) -> Void
    ) async throws -> FileHash {
        let cutter = Relay(SegmentCutter())
        let tree = Relay(MerkleTree())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for first in 0..<min(taskCount, segments.count) {
                group.addTask {
                    var buffer = ScratchBuffer()
                    for segment in stride(from: first, to: segments.count, by: Int(taskCount)) {
                        try Task.checkCancellation()
                        try segments.read(segment, into: &buffer)
                        try await cutter.wait(for: segment)
                        let cuts = cutter.pass { $0.cut(buffer.bytes, isLast: segment + 1 == segments.count) }
                        let leaves = cuts.leaves(in: buffer.bytes)
                        try await tree.wait(for: segment)
                        tree.pass { tree in
                            onChunks(leaves)
                            for leaf in leaves { tree.append(leaf.hash, byteCount: leaf.byteCount) }
                        }
                    }
                }
            }
            // The first failure cancels the others, which may wait for a turn that will not come.
            for try await _ in group {}
        }
        return tree.take().fileHash
    }
}

/// Why a file cannot be hashed.
public enum FileHashError: Error, Hashable, Sendable {
    /// The file has fewer bytes than it should.
    case truncated(expected: UInt64, found: UInt64)
}
