#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a name in a folder stands for.
package enum FileKind: Hashable, Sendable, CustomStringConvertible {
    case regular
    case folder
    case symbolicLink
    case pipe
    case socket
    case device
    case other

    init(mode: mode_t) {
        self =
            switch mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .folder
            case S_IFLNK: .symbolicLink
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            case S_IFCHR, S_IFBLK: .device
            default: .other
            }
    }

    /// With its article.
    package var description: String {
        switch self {
        case .regular: "a file"
        case .folder: "a folder"
        case .symbolicLink: "a symbolic link"
        case .pipe: "a pipe"
        case .socket: "a socket"
        case .device: "a device"
        case .other: "something unknown"
        }
    }
}

/// What the system says of a file.
package struct FileStatus: Hashable, Sendable {
    /// Tells files apart, whatever their names.
    package struct Identity: Hashable, Sendable {
        let device: UInt64
        let number: UInt64
    }

    package let kind: FileKind
    package let byteCount: UInt64
    /// Read, write and execute for owner, group and others.
    package let permissions: UInt32
    /// Whether only the owner of a file may rename or remove it, if this is a folder.
    package let isSticky: Bool
    package let linkCount: UInt64
    package let owner: UInt32
    package let identity: Identity
    /// When the content was last changed, in nanoseconds.
    package let modification: Int64

    init(_ status: stat) {
        kind = FileKind(mode: status.st_mode)
        byteCount = UInt64(max(0, status.st_size))
        permissions = UInt32(status.st_mode & 0o777)
        isSticky = status.st_mode & 0o1000 != 0
        linkCount = UInt64(status.st_nlink)
        owner = status.st_uid
        identity = Identity(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            number: UInt64(truncatingIfNeeded: status.st_ino)
        )
        #if canImport(Darwin)
        let time = status.st_mtimespec
        #else
        let time = status.st_mtim
        #endif
        modification = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
