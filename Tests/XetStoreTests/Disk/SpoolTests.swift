import NIOCore
import Testing
import XetTestSupport
import _NIOFileSystem

@testable import XetStore

@Suite struct SpoolTests {
    private static let limit = Spool.memoryByteCount

    private func pieces(_ body: [UInt8], _ length: Int) -> AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            for start in stride(from: 0, to: body.count, by: length) {
                continuation.yield(ByteBuffer(bytes: body[start..<min(start + length, body.count)]))
            }
            continuation.finish()
        }
    }

    @Test(arguments: [0, 1, limit - 1, limit, limit + 1, 3 * limit + 7], [1000, 65_536, 2 * limit])
    func `gives back what came`(byteCount: Int, length: Int) async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            try await StoreFiles(layout: layout).prepare()
            let body = Inputs.splitmix(byteCount, seed: 12)
            let spool = try await Spool.collect(pieces(body, length), maximumByteCount: byteCount, layout: layout)
            #expect(spool.byteCount == byteCount)
            for _ in 0..<2 {
                let same = try await spool.bytes() == body
                #expect(same)
            }
            // Nothing has a name, not even while it is in use.
            #expect(try await FileSystem.shared.entries(of: layout.temporaryFolder).isEmpty)
        }
    }

    @Test(arguments: [10, limit + 10])
    func `refuses what is too long, and keeps nothing`(maximum: Int) async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            try await StoreFiles(layout: layout).prepare()
            let body = Inputs.splitmix(maximum + 1, seed: 12)
            await #expect(throws: SpoolError.tooLong(maximumByteCount: maximum)) {
                _ = try await Spool.collect(pieces(body, 1000), maximumByteCount: maximum, layout: layout)
            }
            #expect(try await FileSystem.shared.entries(of: layout.temporaryFolder).isEmpty)
        }
    }
}
