import NIOCore
import Testing
import XetAccess
import XetCore
import _NIOFileSystem

@testable import XetLocal

/// A folder that is gone after the test.
enum TemporaryFolder {
    static func with<Result>(_ body: (LocalPath) async throws -> Result) async throws -> Result {
        let fileSystem = FileSystem.shared
        let folder = try await fileSystem.createTemporaryDirectory(template: "/tmp/xet-local-XXXXXX")
        do {
            let result = try await body(LocalPath(folder.string))
            try await fileSystem.removeItem(at: folder)
            return result
        } catch {
            try await fileSystem.removeItem(at: folder)
            throw error
        }
    }
}

extension LocalPath {
    /// Something in this folder.
    func entry(_ name: String) -> LocalPath {
        LocalPath(bytes: bytes + Array("/\(name)".utf8))
    }

    var string: String { String(decoding: bytes, as: UTF8.self) }

    func write(_ content: [UInt8]) async throws {
        _ = try await FileSystem.shared.withFileHandle(
            forWritingAt: FilePath(string),
            options: .newFile(replaceExisting: true)
        ) { try await $0.write(contentsOf: content, toAbsoluteOffset: 0) }
    }

    func content() async throws -> [UInt8] {
        Array(try await ByteBuffer(contentsOf: FilePath(string), maximumSizeAllowed: .mebibytes(64)).readableBytesView)
    }

    func makeFolder() async throws {
        try await FileSystem.shared.createDirectory(
            at: FilePath(string),
            withIntermediateDirectories: false,
            permissions: nil
        )
    }

    func makeLink(to target: String) async throws {
        try await FileSystem.shared.createSymbolicLink(at: FilePath(string), withDestination: FilePath(target))
    }

    func names() async throws -> Set<String> {
        try await FileSystem.shared.withDirectoryHandle(atPath: FilePath(string)) { handle in
            var names: Set<String> = []
            for try await entry in handle.listContents() { names.insert(entry.name.string) }
            return names
        }
    }
}
