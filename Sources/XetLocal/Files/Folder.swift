#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder that is open: names in it mean the same although its own may change.
///
/// Its calls block the thread.
package final class Folder: Sendable {
    /// What the system takes everywhere.
    private static let usualNameByteCount = 255

    /// For messages.
    package let path: LocalPath
    private let file: OpenFile

    package init(_ path: LocalPath) throws(LocalFileError) {
        self.path = path
        do {
            file = try Self.open(path)
        } catch {
            switch error {
            case .system(_, _, ENOENT), .system(_, _, ENOTDIR): throw .noFolder(path)
            default: throw error
            }
        }
    }

    /// Makes a folder and those above it that are missing.
    package static func make(_ path: LocalPath) throws(LocalFileError) {
        do {
            try makeLast(path)
        } catch {
            switch error {
            case .system(_, _, ENOENT) where path.folder != path && path.folder != LocalPath("."):
                try make(path.folder)
                try makeLast(path)
            default:
                throw error
            }
        }
    }

    private static func makeLast(_ path: LocalPath) throws(LocalFileError) {
        do {
            _ = try SystemCall.retrying {
                // SAFETY: the path is valid for the call.
                unsafe path.withCString { unsafe mkdir($0, 0o777) }
            }
        } catch {
            // A file of that name is found, and named, by whoever looks into the folder.
            if error.code != EEXIST { throw .system(.create, path, code: error.code) }
        }
    }

    private static func open(_ path: LocalPath) throws(LocalFileError) -> OpenFile {
        do {
            return try OpenFile(path, flags: O_RDONLY | O_DIRECTORY, operation: .open)
        } catch {
            #if os(Linux)
            // A folder may be entered that may not be listed; glibc hides O_PATH from Swift.
            let pathOnly: CInt = 0o10000000
            guard case .system(_, _, EACCES) = error else { throw error }
            return try OpenFile(path, flags: pathOnly | O_DIRECTORY, operation: .open)
            #else
            throw error
            #endif
        }
    }

    /// Path of a name in it, for messages.
    package func path(of name: [UInt8]) -> LocalPath {
        path.bytes == Array(".".utf8)
            ? LocalPath(bytes: name) : LocalPath(bytes: path.bytes + [UInt8(ascii: "/")] + name)
    }

    /// Longest name that a file in it can have.
    package var maximumNameByteCount: Int {
        let limit = fpathconf(file.number, CInt(_PC_NAME_MAX))
        return limit > 0 ? limit : Self.usualNameByteCount
    }

    package func status() throws(LocalFileError) -> FileStatus {
        try file.status()
    }

    /// What a name stands for, or what the link of that name leads to; `nil` if nothing has it.
    package func status(of name: [UInt8], followsLink: Bool) throws(LocalFileError) -> FileStatus? {
        var status = stat()
        let flags = followsLink ? 0 : AT_SYMLINK_NOFOLLOW
        do {
            _ = try SystemCall.retrying {
                // SAFETY: the name is valid for the call, which writes one `stat`.
                unsafe LocalPath.withCString(name) { unsafe fstatat(file.number, $0, &status, flags) }
            }
            return FileStatus(status)
        } catch {
            guard error.code == ENOENT else { throw .system(.examine, path(of: name), code: error.code) }
            return nil
        }
    }

    /// Throws unless files can be made in it.
    package func checkWritable(for name: [UInt8]) throws(LocalFileError) {
        do {
            _ = try SystemCall.retrying {
                // SAFETY: the name is a constant string.
                unsafe faccessat(file.number, ".", W_OK | X_OK, 0)
            }
        } catch {
            throw .system(.create, path(of: name), code: error.code)
        }
    }

    /// Opens a file for reading and writing; `nil` if one is there although `isNew`, or none is although not.
    ///
    /// A link is not followed.
    func open(_ name: [UInt8], isNew: Bool) throws(LocalFileError) -> OpenFile? {
        let flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (isNew ? O_CREAT | O_EXCL : 0)
        do {
            let number = try SystemCall.retrying {
                // SAFETY: the name is valid for the call.
                unsafe LocalPath.withCString(name) { unsafe openat(file.number, $0, flags, 0o666) }
            }
            return OpenFile(path: path(of: name), number: number)
        } catch {
            if error.code == (isNew ? EEXIST : ENOENT) { return nil }
            throw .system(isNew ? .create : .open, path(of: name), code: error.code)
        }
    }

    /// Gives a file another name in one step; what had that name before is gone, unless it is a folder.
    func rename(_ name: [UInt8], to target: [UInt8]) throws(LocalFileError) {
        do {
            _ = try SystemCall.retrying {
                // SAFETY: the names are valid for the call.
                unsafe LocalPath.withCString(name) { old in
                    unsafe LocalPath.withCString(target) { new in
                        unsafe renameat(file.number, old, file.number, new)
                    }
                }
            }
        } catch {
            if error.code == EISDIR { throw .folder(path(of: target)) }
            throw .system(.replace, path(of: target), code: error.code)
        }
    }

    /// Makes a name lead to `target`, in one step, in place of a file or link that has it.
    func link(_ name: [UInt8], to target: [UInt8]) throws(LocalFileError) {
        if try status(of: name, followsLink: false)?.kind == .symbolicLink, linkTarget(of: name) == target { return }
        let temporary = temporaryName()
        do {
            _ = try SystemCall.retrying {
                // SAFETY: the names are valid for the call.
                unsafe LocalPath.withCString(target) { target in
                    unsafe LocalPath.withCString(temporary) { unsafe symlinkat(target, file.number, $0) }
                }
            }
        } catch {
            throw .system(.create, path(of: name), code: error.code)
        }
        try give(temporary, name)
    }

    /// Gives a small file a new content, in one step.
    func replace(_ name: [UInt8], with content: [UInt8]) throws(LocalFileError) {
        let temporary = temporaryName()
        guard let file = try open(temporary, isNew: true) else { throw .movedPart(path(of: temporary)) }
        do {
            try file.append(content)
        } catch {
            try? remove(temporary)
            throw error
        }
        try give(temporary, name)
    }

    /// Gives what was made a name; nothing is left of it if it cannot have it.
    private func give(_ temporary: [UInt8], _ name: [UInt8]) throws(LocalFileError) {
        do {
            try rename(temporary, to: name)
        } catch {
            try? remove(temporary)
            throw error
        }
    }

    private func temporaryName() -> [UInt8] { Array(".xet-\(UInt64.random(in: 0...(.max)))".utf8) }

    /// What a link holds; `nil` if the name is none.
    private func linkTarget(of name: [UInt8]) -> [UInt8]? {
        let maximum = 4096
        let bytes = unsafe [CChar](unsafeUninitializedCapacity: maximum) { buffer, count in
            // SAFETY: the call writes at most as much as there is room for.
            count = max(
                0,
                unsafe LocalPath.withCString(name) {
                    unsafe readlinkat(file.number, $0, buffer.baseAddress.unsafelyUnwrapped, maximum)
                }
            )
        }
        return bytes.isEmpty ? nil : bytes.map { UInt8(bitPattern: $0) }
    }

    /// The names in it, but for itself and the one above, in no order.
    package func names() throws(LocalFileError) -> [[UInt8]] {
        let number: CInt
        do {
            number = try SystemCall.retrying {
                // SAFETY: the name is a constant string.
                unsafe openat(file.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            }
        } catch {
            throw .system(.read, path, code: error.code)
        }
        // SAFETY: the stream has a descriptor of its own, which it closes; an entry is used until the next is read.
        guard let stream = unsafe fdopendir(number) else {
            close(number)
            throw .system(.read, path, code: errno)
        }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                if errno != 0 { throw .system(.read, path, code: errno) }
                return names
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
        }
    }

    /// Removes the name of a file.
    func remove(_ name: [UInt8]) throws(LocalFileError) {
        do {
            // SAFETY: the name is valid for the call.
            _ = try SystemCall.retrying { unsafe LocalPath.withCString(name) { unsafe unlinkat(file.number, $0, 0) } }
        } catch {
            throw .system(.remove, path(of: name), code: error.code)
        }
    }

    /// Returns when its names are on the disk.
    func synchronize() throws(LocalFileError) {
        try file.synchronize()
    }
}
