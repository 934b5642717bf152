import NIOCore
import Synchronization
package import XetCore

/// The chunks of a file that is here, found by reading it once.
///
/// It may change afterwards: each chunk is compared with what it was when it is read again.
package final class LocalChunks: Sendable {
    /// Most chunks that are remembered, of a file of 256 GiB: each takes 16 bytes.
    ///
    /// Of a longer file only the hash is.
    private static let mostCount = 1 << 22

    /// For messages.
    package let path: LocalPath
    /// The hash of the file.
    package let hash: FileHash
    private let file: ReadableFile
    /// Where in the file each chunk ends.
    private let ends: [UInt64]
    /// The first word of each chunk's hash.
    private let marks: [UInt64]

    /// Reads the whole file; `nil` if it is empty, or has no length.
    ///
    /// Throws `FileHashError.truncated(expected:found:)` if it becomes shorter meanwhile, and ``LocalFileError``.
    package init?(_ opened: OpenFile) async throws {
        let file = try ReadableFile(opened)
        guard let byteCount = file.byteCount else { return nil }
        let found = Mutex((ends: [UInt64](), marks: [UInt64]()))
        let hasher = ParallelFileHasher(taskCount: 1 + System.coreCount)
        hash = try await hasher.hash(byteCount: byteCount) { offset, output in
            try file.read(at: offset, into: &output)
        } onChunks: { chunks in
            found.withLock { found in
                guard found.ends.count + chunks.count <= Self.mostCount else { return }
                for chunk in chunks {
                    found.ends.append((found.ends.last ?? 0) + UInt64(chunk.byteCount))
                    found.marks.append(chunk.hash.truncated)
                }
            }
        }
        let isWhole = found.withLock { $0.ends.last == byteCount }
        (ends, marks) = isWhole ? found.withLock { ($0.ends, $0.marks) } : ([], [])
        path = opened.path
        self.file = file
    }

    /// How many there are.
    var count: Int { ends.count }

    /// Where in the file a chunk begins; the end of the file for the one behind the last.
    func start(of chunk: Int) -> UInt64 { chunk == 0 ? 0 : ends[chunk - 1] }

    /// Bytes of several chunks.
    func byteCount(of chunks: Range<Int>) -> UInt64 { start(of: chunks.upperBound) - start(of: chunks.lowerBound) }

    /// The chunk that holds byte `offset`, or the number of chunks behind the end.
    func chunk(at offset: UInt64) -> Int {
        var (low, high) = (0, ends.count)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Reads several chunks as they could stand in a xorb, with the hash of each; `nil` if one has changed.
    ///
    /// Blocks the thread. Throws ``LocalFileError``.
    func read(_ chunks: Range<Int>) throws -> (bytes: ByteBuffer, hashes: [ChunkHash])? {
        let content = try file.read(at: start(of: chunks.lowerBound), count: Int(byteCount(of: chunks)))
        guard content.readableBytes == Int(byteCount(of: chunks)) else { return nil }
        let span = content.readableBytesSpan
        var bytes = ByteBuffer()
        bytes.reserveCapacity(content.readableBytes + chunks.count * ChunkHeader.byteCount)
        var hashes: [ChunkHash] = []
        hashes.reserveCapacity(chunks.count)
        var offset = 0
        for chunk in chunks {
            let end = offset + Int(byteCount(of: chunk..<chunk + 1))
            let hash = ChunkHash(ofChunk: span.extracting(offset..<end))
            guard hash.truncated == marks[chunk] else { return nil }
            hashes.append(hash)
            let header = try ChunkHeader(
                packedByteCount: end - offset,
                scheme: .none,
                unpackedByteCount: end - offset
            )
            var head: [UInt8] = []
            header.append(to: &head)
            bytes.writeBytes(head)
            bytes.writeImmutableBuffer(
                content.getSlice(at: content.readerIndex + offset, length: end - offset) ?? ByteBuffer()
            )
            offset = end
        }
        return (bytes, hashes)
    }
}
