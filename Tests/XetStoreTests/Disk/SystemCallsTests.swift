import NIOCore
import Testing
import _NIOFileSystem

@testable import XetStore

@Suite struct SystemCallsTests {
    private func write(_ text: String, to path: FilePath) async throws {
        try await FileSystem.shared.withFileHandle(
            forWritingAt: path,
            options: .newFile(replaceExisting: true)
        ) { _ = try await $0.write(contentsOf: ByteBuffer(string: text), toAbsoluteOffset: 0) }
    }

    private func read(_ path: FilePath) async throws -> String {
        String(buffer: try await ByteBuffer(contentsOf: path, maximumSizeAllowed: .bytes(1000)))
    }

    @Test func `a file takes the name of another`() async throws {
        try await StoreContents.withFolder { folder in
            let (old, new) = (folder.appending("old"), folder.appending("new"))
            try await write("1", to: old)
            try await write("2", to: new)
            try SystemCalls.rename(old, to: new)
            #expect(try await read(new) == "1")
            #expect(try await FileSystem.shared.info(forFileAt: old) == nil)
        }
    }

    @Test func `says which names it could not give, and why`() async throws {
        try await StoreContents.withFolder { folder in
            let (old, new) = (folder.appending("old"), folder.appending("new"))
            let error = try #require(throws: FileSystemError.self) { try SystemCalls.rename(old, to: new) }
            #expect(error.message.contains("\(old)") && error.message.contains("\(new)"))
            #expect((error.cause as? FileSystemError.SystemCallError)?.errno == .noSuchFileOrDirectory)
        }
    }

    @Test func `what is not there need not be removed`() async throws {
        try await StoreContents.withFolder { folder in
            let path = folder.appending("file")
            SystemCalls.remove(path)
            try await write("1", to: path)
            SystemCalls.remove(path)
            #expect(try await FileSystem.shared.info(forFileAt: path) == nil)
        }
    }

    @Test func `a file is replaced whole, and nothing is left beside it`() async throws {
        try await StoreContents.withFolder { folder in
            let path = folder.appending("file")
            // What a crash may have left is no hindrance.
            try await write("half", to: folder.appending("file.part"))
            for text in ["one", "a longer text", ""] {
                try await FileSystem.shared.replaceFile(at: path, with: Array(text.utf8))
                #expect(try await read(path) == text)
                #expect(try await FileSystem.shared.entries(of: folder).map(\.path) == [path])
            }
        }
    }
}
