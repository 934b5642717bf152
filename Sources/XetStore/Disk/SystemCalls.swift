package import _NIOFileSystem

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The few calls that the file system library lacks: they take no time worth a thread, and work in a cancelled task.
package enum SystemCalls {
    /// Gives a file another name; what has that name is replaced at once.
    package static func rename(_ old: FilePath, to new: FilePath) throws(FileSystemError) {
        // SAFETY: both strings end with a zero and live until the call returns.
        let status = unsafe old.withPlatformString { old in
            unsafe new.withPlatformString { new in unsafe platformRename(old, new) }
        }
        guard status == 0 else { throw failure("rename", "Unable to rename '\(old)' to '\(new)'.") }
    }

    /// Gives a file a second name on the same disk.
    package static func link(_ old: FilePath, to new: FilePath) throws(FileSystemError) {
        // SAFETY: both strings end with a zero and live until the call returns.
        let status = unsafe old.withPlatformString { old in
            unsafe new.withPlatformString { new in unsafe platformLink(old, new) }
        }
        guard status == 0 else { throw failure("link", "Unable to give '\(old)' the name '\(new)'.") }
    }

    /// Removes a file; whether it was there does not matter.
    package static func remove(_ path: FilePath) {
        // SAFETY: the string ends with a zero and lives until the call returns.
        _ = unsafe path.withPlatformString { unsafe unlink($0) }
    }

    /// Takes the lock of an open file, which ends with its descriptor; `false` if another one has it.
    static func tryLock(_ file: FileDescriptor, at path: FilePath) throws(FileSystemError) -> Bool {
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 else { return true }
        guard errno == EWOULDBLOCK else { throw failure("flock", "Unable to lock '\(path)'.") }
        return false
    }

    /// Waits until the bytes of an open file are on disk; it may take long.
    package static func synchronize(_ file: FileDescriptor) throws(FileSystemError) {
        #if canImport(Darwin)
        let status = fsync(file.rawValue)
        #else
        let status = fdatasync(file.rawValue)
        #endif
        guard status == 0 else { throw failure("fdatasync", "Unable to write to disk.") }
    }

    /// Bytes that are free to this user where a path lies.
    package static func freeByteCount(at path: FilePath) throws(FileSystemError) -> Int {
        var found = statvfs()
        // SAFETY: the string ends with a zero, and both live until the call returns.
        let status = unsafe path.withPlatformString { unsafe statvfs($0, &found) }
        guard status == 0 else { throw failure("statvfs", "Unable to tell what is free at '\(path)'.") }
        return Int(
            clamping: UInt64(found.f_bavail).multipliedReportingOverflow(by: UInt64(found.f_frsize)).partialValue
        )
    }

    /// The user that this process runs as.
    package static var user: UInt32 { UInt32(geteuid()) }

    /// What the system says of the call that failed last.
    private static func failure(_ call: String, _ message: String, line: Int = #line) -> FileSystemError {
        FileSystemError(
            code: .unknown,
            message: message,
            cause: FileSystemError.SystemCallError(systemCall: call, errno: Errno(rawValue: errno)),
            location: FileSystemError.SourceLocation(function: call, file: #fileID, line: line)
        )
    }

    private static func platformLink(_ old: UnsafePointer<CChar>, _ new: UnsafePointer<CChar>) -> Int32 {
        #if canImport(Glibc)
        unsafe Glibc.link(old, new)
        #elseif canImport(Musl)
        unsafe Musl.link(old, new)
        #else
        unsafe Darwin.link(old, new)
        #endif
    }

    private static func platformRename(_ old: UnsafePointer<CChar>, _ new: UnsafePointer<CChar>) -> Int32 {
        #if canImport(Glibc)
        unsafe Glibc.rename(old, new)
        #elseif canImport(Musl)
        unsafe Musl.rename(old, new)
        #else
        unsafe Darwin.rename(old, new)
        #endif
    }
}
