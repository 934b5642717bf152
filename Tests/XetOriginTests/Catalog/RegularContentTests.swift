import NIOCore
import Testing
import XetCore
import XetStore
import XetTestSupport
import _NIOFileSystem

@testable import XetOrigin

@Suite struct RegularContentTests {
    private static let piece = Int(RegularContent.pieceByteCount)

    /// Reads a file, and lends what was read.
    private func with(
        _ bytes: [UInt8],
        _ body: (RegularContent, RepositoryFolder) async throws -> Void
    ) async throws {
        try await RepositoryFolder.with(["models/a/b/x": bytes]) { folder in
            let location = folder.location("models/a/b/x")
            let content = try await FileSystem.shared.withPieces(of: location) { file in
                try await RegularContent(of: file, at: location, byteCount: Int64(bytes.count)) { _ in }
            }
            try await body(content, folder)
        }
    }

    private func read(_ range: Range<Int>, _ content: RegularContent, byteCount: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        let range = try #require(FileByteRange(start: UInt64(range.lowerBound), end: UInt64(range.upperBound)))
        try await content.read(range, byteCount: UInt64(byteCount)) { bytes.append(contentsOf: $0.readableBytesView) }
        return bytes
    }

    @Test(arguments: [0, 1, piece - 1, piece, piece + 1, 2 * piece + 5])
    func `gives every range`(byteCount: Int) async throws {
        let bytes = Inputs.splitmix(byteCount, seed: 17)
        try await with(bytes) { content, _ in
            #expect(content.object == GitObjectID(blob: bytes))
            #expect(content.pieces.count == (byteCount + Self.piece - 1) / Self.piece)
            let limits = Set([0, 1, Self.piece - 1, Self.piece, Self.piece + 1, byteCount - 1, byteCount])
                .filter { (0...byteCount).contains($0) }
            for start in limits {
                for end in limits where end >= start {
                    let same = try await read(start..<end, content, byteCount: byteCount) == Array(bytes[start..<end])
                    #expect(same, "\(start)..<\(end)")
                }
            }
        }
    }

    @Test(arguments: [0, piece - 1, piece, 2 * piece + 4])
    func `no byte of a changed piece leaves`(offset: Int) async throws {
        let bytes = Inputs.splitmix(2 * Self.piece + 5, seed: 18)
        try await with(bytes) { content, folder in
            var changed = bytes
            changed[offset] ^= 1
            try await folder.write(changed, to: "models/a/b/x")
            let good = offset / Self.piece * Self.piece
            var left: [UInt8] = []
            let all = FileByteRange(count: UInt64(bytes.count))
            await #expect(throws: ContentChangedError()) {
                try await content.read(all, byteCount: UInt64(bytes.count)) {
                    left.append(contentsOf: $0.readableBytesView)
                }
            }
            let same = left == Array(bytes[..<good])
            #expect(same)
        }
    }

    @Test(arguments: [0, 10, piece, piece + 10])
    func `a file that became shorter gives nothing of its end`(byteCount: Int) async throws {
        let bytes = Inputs.splitmix(2 * Self.piece, seed: 19)
        try await with(bytes) { content, folder in
            try await folder.write(Array(bytes[..<byteCount]), to: "models/a/b/x")
            await #expect(throws: ContentChangedError()) {
                _ = try await read(Self.piece + 5..<2 * Self.piece, content, byteCount: bytes.count)
            }
        }
    }

    @Test func `one that shrinks while it is read is not taken`() async throws {
        try await RepositoryFolder.with(["models/a/b/x": [1, 2, 3]]) { folder in
            let location = folder.location("models/a/b/x")
            await #expect(throws: IngestError.changedWhileRead) {
                try await FileSystem.shared.withPieces(of: location) { file in
                    _ = try await RegularContent(of: file, at: location, byteCount: 4) { _ in }
                }
            }
        }
    }
}
