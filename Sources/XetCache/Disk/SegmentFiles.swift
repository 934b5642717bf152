import NIOCore
import NIOPosix
import XetStore
import _NIOFileSystem

/// Reads and writes segments, on threads of its own: a disk may be slow.
struct SegmentFiles: Sendable {
    private static let threadCount = 8

    let folder: CacheFolder
    let threads: NIOThreadPool

    /// Starts the threads; ``close()`` follows.
    init(_ folder: CacheFolder) {
        self.folder = folder
        threads = NIOThreadPool(numberOfThreads: Self.threadCount)
        threads.start()
    }

    /// Ends the threads, after what was begun.
    func close() async {
        // It fails only if they were ended before.
        try? await threads.shutdownGracefully()
    }

    /// A new file for a run.
    func create(_ number: Int64) async throws -> SegmentFile {
        let path = folder.segment(number)
        return try await threads.runIfActive {
            let file = try FileDescriptor.open(
                path,
                .readWrite,
                options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: CacheFolder.filePermissions
            )
            return SegmentFile(file)
        }
    }

    func write(_ pieces: [ByteBuffer], to file: SegmentFile, at offset: Int64) async throws {
        try await threads.runIfActive { try file.write(pieces, at: offset) }
    }

    func read(_ bytes: Range<Int>, of file: SegmentFile) async throws -> ByteBuffer {
        try await threads.runIfActive { try file.read(bytes) }
    }

    /// Waits until all bytes before `end` are on disk, and drops what is behind.
    func complete(_ file: SegmentFile, at end: Int64) async throws {
        try await threads.runIfActive { try file.complete(at: end) }
    }

    /// Bytes of a run; none if its file is gone.
    func read(_ bytes: Range<Int>, of number: Int64) async throws -> ByteBuffer {
        let path = folder.segment(number)
        return try await threads.runIfActive {
            let file: SegmentFile
            do {
                file = SegmentFile(try FileDescriptor.open(path, .readOnly, options: [.noFollow, .closeOnExec]))
            } catch let error as Errno where error == .noSuchFileOrDirectory {
                return ByteBuffer()
            }
            return try file.read(bytes)
        }
    }

    /// Gives files of another folder on the same disk a second name in this one.
    func link(_ names: [(old: Int64, new: Int64)], from other: SegmentFiles) async throws {
        let paths = names.map { (other.folder.segment($0.old), folder.segment($0.new)) }
        try await threads.runIfActive {
            for (old, new) in paths { try SystemCalls.link(old, to: new) }
        }
    }

    /// Removes files of runs, those that are there.
    func remove(_ numbers: [Int64]) async throws {
        guard !numbers.isEmpty else { return }
        let paths = numbers.map(folder.segment)
        try await threads.runIfActive {
            for path in paths { SystemCalls.remove(path) }
        }
    }

    /// Bytes that are free where the segments are.
    func freeByteCount() async throws -> Int {
        let path = folder.segments
        return try await threads.runIfActive { try SystemCalls.freeByteCount(at: path) }
    }
}

/// An open segment, closed when nobody has it any more.
final class SegmentFile: Sendable {
    private let file: FileDescriptor

    init(_ file: FileDescriptor) {
        self.file = file
    }

    deinit {
        try? file.close()
    }

    fileprivate func write(_ pieces: [ByteBuffer], at offset: Int64) throws {
        var offset = offset
        for piece in pieces {
            try file.writeAll(toAbsoluteOffset: offset, piece.readableBytesView)
            offset += Int64(piece.readableBytes)
        }
    }

    /// As many of the bytes as there are.
    fileprivate func read(_ bytes: Range<Int>) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
        while buffer.readableBytes < bytes.count {
            let offset = Int64(bytes.lowerBound + buffer.readableBytes)
            let rest = bytes.count - buffer.readableBytes
            // SAFETY: no more is read than there is room for, and what is read counts as written.
            let count = try unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: rest) { room in
                let part = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<rest])
                return try unsafe file.read(fromAbsoluteOffset: offset, into: part)
            }
            if count == 0 { break }
        }
        return buffer
    }

    fileprivate func complete(at end: Int64) throws {
        try file.resize(to: end)
        try SystemCalls.synchronize(file)
    }
}
