package import NIOCore
import XetCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is open for reading, by several tasks at once.
///
/// Its calls block the thread, as little as the page cache allows.
package final class ReadableFile: Sendable {
    private let file: OpenFile
    /// Length of what has one; `nil` for what only its end tells the length of: pipes, terminals, and files that the
    /// kernel makes up, whose length it gives as 0.
    package let byteCount: UInt64?

    /// Opens a file, a device or a pipe.
    package convenience init(path: LocalPath) throws(LocalFileError) {
        try self.init(OpenFile(path, flags: O_RDONLY | O_NOCTTY, operation: .open))
    }

    /// Reads standard input, from where it stands.
    package convenience init(standardInputAs path: LocalPath) throws(LocalFileError) {
        let number: CInt
        do {
            number = try SystemCall.retrying { fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) }
        } catch {
            throw .system(.read, path, code: error.code)
        }
        try self.init(OpenFile(path: path, number: number))
    }

    /// Reads a file that is open.
    init(_ file: OpenFile) throws(LocalFileError) {
        self.file = file
        let status = try file.status()
        guard status.kind != .folder else { throw .system(.read, file.path, code: EISDIR) }
        // Standard input may stand further on, and what is before does not count. Of a disk only its end tells its length.
        guard lseek(file.number, 0, SEEK_CUR) == 0 else {
            byteCount = nil
            return
        }
        let end = lseek(file.number, 0, SEEK_END)
        byteCount = end > 0 ? UInt64(end) : nil
        if end > 0 { lseek(file.number, 0, SEEK_SET) }
    }

    /// Appends the bytes from `offset` on until `output` is full or the file ends.
    package func read(at offset: UInt64, into output: inout OutputRawSpan) throws(LocalFileError) {
        let start = output.byteCount
        try unsafe fill(&output) { target, count, filled in
            unsafe pread(file.number, target, count, off_t(offset) + off_t(filled - start))
        }
    }

    /// What the system says of it now.
    package func status() throws(LocalFileError) -> FileStatus { try file.status() }

    /// `count` bytes from `offset` on; fewer only if the file ends.
    package func read(at offset: UInt64, count: Int) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        var isAtEnd = false
        while buffer.readableBytes < count, !isAtEnd {
            let filled = buffer.readableBytes
            let read = try unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count - filled) { room in
                guard let start = room.baseAddress else { return 0 }
                // SAFETY: the system writes at most into the room, of which there is as much as is asked for.
                return try perform { unsafe pread(file.number, start, count - filled, off_t(offset) + off_t(filled)) }
            }
            isAtEnd = read == 0
        }
        return buffer
    }

    /// The next bytes, at most `count`; none if there are no more.
    package func readNext(count: Int) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        _ = try unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
            guard let start = room.baseAddress else { return 0 }
            // SAFETY: the system writes at most into the room, of which there is as much as is asked for.
            return try perform { unsafe readBytes(file.number, start, count) }
        }
        return buffer
    }

    /// Appends the next bytes until `output` is full or the file ends.
    package func readNext(into output: inout OutputRawSpan) throws(LocalFileError) {
        try unsafe fill(&output) { target, count, _ in unsafe readBytes(file.number, target, count) }
    }

    /// Calls `read` until there is no room left or nothing comes.
    private func fill(
        _ output: inout OutputRawSpan,
        _ read: (_ target: UnsafeMutableRawPointer, _ count: Int, _ filled: Int) -> Int
    ) throws(LocalFileError) {
        var isAtEnd = false
        while output.freeCapacity > 0 && !isAtEnd {
            let count = try unsafe output.withUnsafeMutableBytes { (room, initialized) throws(LocalFileError) in
                guard let start = room.baseAddress else { return 0 }
                // SAFETY: the system writes at most into the room behind what is initialized.
                let count = try perform { unsafe read(start + initialized, room.count - initialized, initialized) }
                initialized += count
                return count
            }
            isAtEnd = count == 0
        }
    }

    /// Repeats a call that a signal interrupted, or that found nothing to read yet.
    private func perform(_ call: () -> Int) throws(LocalFileError) -> Int {
        while true {
            do {
                return try SystemCall.retrying(call)
            } catch {
                guard error.code == EAGAIN else { throw .system(.read, file.path, code: error.code) }
                Readiness.wait(for: POLLIN, of: file.number)
            }
        }
    }
}

/// `read`, under a name that no method hides.
@unsafe private func readBytes(_ number: CInt, _ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
    unsafe read(number, target, count)
}
