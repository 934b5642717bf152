package import XetCore

/// Hashes files on disk, one after the other.
package struct LocalFileHasher: ~Copyable {
    private static let blockByteCount = 1 << 20
    /// With several workers a file of up to this length is left to one of them: 64 files of 16 MiB take 0.93 of the time.
    private static let serialByteCount: UInt64 = 32 << 20

    private var hasher: ParallelFileHasher
    private var block: [UInt8] = []

    /// One of `workerCount` hashers that work at the same time.
    ///
    /// Together they hold at most two segments of 1 MiB per core.
    package init(workerCount: Int, coreCount: Int) {
        hasher = ParallelFileHasher(
            taskCount: 1 + coreCount / workerCount,
            serialByteCount: workerCount > 1 ? Self.serialByteCount : 0
        )
    }

    /// The hash of the file, as long as it is when it is opened.
    package mutating func hash(_ file: ReadableFile) async throws -> FileHash {
        guard let byteCount = file.byteCount else { return try hashToEnd(file) }
        return try await hasher.hash(byteCount: byteCount) { offset, output in
            try file.read(at: offset, into: &output)
        }
    }

    /// The hash of a file whose length is not known.
    private mutating func hashToEnd(_ file: ReadableFile) throws -> FileHash {
        var hasher = FileHasher()
        while true {
            try Task.checkCancellation()
            try block.replace(capacity: Self.blockByteCount) { output in
                try file.readNext(into: &output)
            }
            if block.isEmpty { return hasher.finish() }
            hasher.update(block.rawSpan)
        }
    }
}
