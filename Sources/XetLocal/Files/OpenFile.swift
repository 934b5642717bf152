package import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is open, until the last reference is gone.
///
/// Its calls block the thread.
package final class OpenFile: Sendable {
    /// For messages.
    package let path: LocalPath
    package let number: CInt

    /// Takes over an open descriptor.
    init(path: LocalPath, number: CInt) {
        self.path = path
        self.number = number
    }

    /// Opens a file; one that is created may be read and written by whom the process's mask allows.
    package convenience init(_ path: LocalPath, flags: CInt, operation: LocalFileError.Operation) throws(LocalFileError)
    {
        do {
            let number = try SystemCall.retrying {
                // SAFETY: the path is valid for the call.
                unsafe path.withCString { unsafe open($0, flags | O_CLOEXEC, 0o666) }
            }
            self.init(path: path, number: number)
        } catch {
            throw .system(operation, path, code: error.code)
        }
    }

    deinit {
        close(number)
    }

    package func status() throws(LocalFileError) -> FileStatus {
        var status = stat()
        // SAFETY: the call writes one `stat`.
        _ = try perform(.examine) { unsafe fstat(number, &status) }
        return FileStatus(status)
    }

    /// Takes the file for this process alone; `false` if another has it.
    ///
    /// It is free again when this object is gone, or the process. Where the file system knows no locks nobody is kept out.
    func tryLock() throws(LocalFileError) -> Bool {
        do {
            _ = try SystemCall.retrying { flock(number, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            switch error.code {
            case EWOULDBLOCK: return false
            case ENOLCK, ENOTSUP, EOPNOTSUPP, ENOSYS: return true
            default: throw .system(.lock, path, code: error.code)
            }
        }
    }

    /// Cuts the file, or fills it up with zeros.
    func resize(to byteCount: UInt64) throws(LocalFileError) {
        _ = try perform(.write) { ftruncate(number, off_t(byteCount)) }
    }

    /// Sets who may read and write it; file systems without permissions keep their own.
    package func set(permissions: UInt32) {
        _ = fchmod(number, mode_t(permissions))
    }

    /// Writes all bytes at `offset`.
    package func write(_ bytes: ByteBuffer, at offset: UInt64) throws(LocalFileError) {
        var bytes = bytes
        var offset = offset
        while bytes.readableBytes > 0 {
            let count = try perform(.write) {
                // SAFETY: the pointer is used only during the call, with the length of its own buffer.
                unsafe bytes.withUnsafeReadableBytes { unsafe pwrite(number, $0.baseAddress, $0.count, off_t(offset)) }
            }
            bytes.moveReaderIndex(forwardBy: count)
            offset += UInt64(count)
        }
    }

    /// Adds bytes to the end of a file that is open for that, with one call as far as the system takes them.
    func append(_ bytes: [UInt8]) throws(LocalFileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try perform(.write) {
                // SAFETY: the pointer is used only during the call, with the length of its own buffer.
                unsafe rest.withUnsafeBytes { unsafe systemWrite(number, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Returns when the content is on the disk, as far as the file system can tell.
    package func synchronize() throws(LocalFileError) {
        do {
            _ = try SystemCall.retrying { fsync(number) }
        } catch {
            // What cannot be synchronized at all is no failure to do so.
            guard ![EINVAL, EBADF, ENOSYS, ENOTSUP, EROFS].contains(error.code) else { return }
            throw .system(.write, path, code: error.code)
        }
    }

    private func perform<Result: BinaryInteger>(
        _ operation: LocalFileError.Operation,
        _ call: () -> Result
    ) throws(LocalFileError) -> Result {
        do {
            return try SystemCall.retrying(call)
        } catch {
            throw .system(operation, path, code: error.code)
        }
    }
}

/// `write`, which methods of that name hide.
@unsafe private func systemWrite(_ number: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(number, bytes, count)
}
