import NIOCore
import XetLocal
import XetStore
import _NIOFileSystem

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where a bundle is written: standard output, or a file that gets its name once it is whole.
struct BundleOutput: Sendable {
    private let file: OpenFile?
    private let path: LocalPath
    private var offset: UInt64 = 0

    /// Opens `path` with `.partial` behind its name; `-` is standard output.
    init(_ path: LocalPath) throws {
        self.path = path
        let isStream = path == LocalPath("-")
        file =
            isStream
            ? nil
            : try OpenFile(
                Self.partial(path),
                flags: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW,
                operation: .write
            )
    }

    private static func partial(_ path: LocalPath) -> LocalPath {
        LocalPath(bytes: path.bytes + Array(".partial".utf8))
    }

    private static func filePath(_ path: LocalPath) -> FilePath {
        FilePath(String(decoding: path.bytes, as: UTF8.self))
    }

    /// Writes the bytes that come next.
    mutating func write(_ bytes: ByteBuffer) async throws {
        let offset = offset
        let file = file
        try await Blocking.run {
            if let file { try file.write(bytes, at: offset) } else { try Descriptor.standardOutput.write(bytes) }
        }
        self.offset += UInt64(bytes.readableBytes)
    }

    /// Gives the file its name, once its bytes are on the disk.
    func commit() async throws {
        guard let file else { return }
        try await Blocking.run { try file.synchronize() }
        try SystemCalls.rename(Self.filePath(Self.partial(path)), to: Self.filePath(path))
    }

    /// Removes what was written to a file.
    func abandon() {
        if file != nil { SystemCalls.remove(Self.filePath(Self.partial(path))) }
    }
}
