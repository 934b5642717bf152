import NIOCore
import NIOPosix
import Synchronization
import XetAccess
import XetBundle
import _NIOFileSystem

/// Answers of the Hub in a file, until it is known whether they may be kept: a length (4 bytes, little-endian) and a
/// frame's content each.
final class AnswerSpool: Sendable {
    /// Bytes of answers that are given at once.
    private static let batchByteCount = 8 << 20

    private let file: FileDescriptor
    private let threads: NIOThreadPool
    private let end = Mutex<Int64>(0)

    /// Begins a file, in place of one that is there.
    init(_ path: FilePath, _ threads: NIOThreadPool) async throws {
        self.threads = threads
        file = try await threads.runIfActive {
            try FileDescriptor.open(
                path,
                .readWrite,
                options: [.create, .truncate, .noFollow, .closeOnExec],
                permissions: CacheFolder.filePermissions
            )
        }
    }

    deinit {
        try? file.close()
    }

    /// Adds an answer; one call at a time.
    func append(_ answer: ArchivedAnswer) async throws {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt32(0), endianness: .little)
        try answer.write(to: &buffer)
        buffer.setInteger(UInt32(buffer.readableBytes - 4), at: 0, endianness: .little)
        let (offset, bytes) = (end.withLock { $0 }, buffer)
        try await threads.runIfActive { [file] in
            _ = try file.writeAll(toAbsoluteOffset: offset, bytes.readableBytesView)
        }
        end.withLock { $0 += Int64(bytes.readableBytes) }
    }

    /// Gives all answers to `each`, some at a time, in the order in which they came.
    func forEach(_ each: ([ArchivedAnswer]) async throws -> Void) async throws {
        let last = end.withLock { $0 }
        var offset: Int64 = 0
        var (batch, byteCount): ([ArchivedAnswer], Int) = ([], 0)
        while offset < last {
            var head = try await read(4, at: offset)
            guard let count = head.readInteger(endianness: .little, as: UInt32.self), offset + 4 + Int64(count) <= last,
                let answer = ArchivedAnswer(frame: try await read(Int(count), at: offset + 4))
            else { throw SegmentIndexError.damaged }
            offset += 4 + Int64(count)
            batch.append(answer)
            byteCount += Int(count)
            guard byteCount >= Self.batchByteCount else { continue }
            try await each(batch)
            (batch, byteCount) = ([], 0)
        }
        if !batch.isEmpty { try await each(batch) }
    }

    private func read(_ count: Int, at offset: Int64) async throws -> ByteBuffer {
        try await threads.runIfActive { [file] in
            var buffer = ByteBuffer()
            while buffer.readableBytes < count {
                let (filled, rest) = (buffer.readableBytes, count - buffer.readableBytes)
                // SAFETY: no more is read than there is room for, and what is read counts as written.
                let read = try unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: rest) { room in
                    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<rest])
                    return try unsafe file.read(fromAbsoluteOffset: offset + Int64(filled), into: part)
                }
                if read == 0 { throw SegmentIndexError.damaged }
            }
            return buffer
        }
    }
}
