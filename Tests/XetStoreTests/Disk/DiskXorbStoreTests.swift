import NIOCore
import Testing
import XetAccess
import XetCore
import XetTestSupport
import _NIOFileSystem

@testable import XetStore

@Suite struct DiskXorbStoreTests {
    @Test func `keeps xorbs as every store does`() async throws {
        try await StoreContents.withFolder { folder in
            try await XorbStoreSuite(store: DiskXorbStore.open(StoreLayout(root: folder))).run()
        }
    }

    @Test func `works without a cache`() async throws {
        try await StoreContents.withFolder { folder in
            let store = try await DiskXorbStore.open(StoreLayout(root: folder), cachedByteCount: 0)
            try await XorbStoreSuite(store: store).run()
        }
    }

    @Test func `finds everything again`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorbs = try (0..<3).map { seed in
                try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(200_000, seed: UInt64(40 + seed))))
            }
            let first = try await DiskXorbStore.open(layout)
            for xorb in xorbs { try await first.put(xorb) }
            let second = try await DiskXorbStore.open(layout)
            for xorb in xorbs {
                #expect(try await second.index(of: xorb.index.hash) == xorb.index)
                #expect(try await second.put(xorb) == false)
                #expect(try await second.locate(xorb.index.chunkHashes[1])?.xorb == xorb.index)
            }
        }
    }

    @Test func `keeps the form that the reference client keeps`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.lines(200_000)))
            try await DiskXorbStore.open(layout).put(xorb)
            let path = layout.xorb(xorb.index.hash)
            let name = xorb.index.hash.text
            #expect(path.string == "\(folder)/xorbs/\(name.prefix(2))/\(name).xorb")
            let bytes = try await ByteBuffer(contentsOf: path, maximumSizeAllowed: .mebibytes(8))
            #expect(Array(buffer: bytes) == xorb.stored)
        }
    }

    @Test func `opens golden xorbs`() async throws {
        let golden = try Golden.load()
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            _ = try await DiskXorbStore.open(layout)
            for xorb in golden.xorbs {
                let hash = try #require(XorbHash(xorb.hash))
                try await Self.write(try Vectors.golden(xorb.file), to: layout.xorb(hash))
            }
            let store = try await DiskXorbStore.open(layout)
            for xorb in golden.xorbs {
                let hash = try #require(XorbHash(xorb.hash))
                let index = try #require(try await store.index(of: hash))
                #expect(index.chunkHashes.map(\.text) == xorb.chunks.map(\.hash))
                #expect(index.serializedByteCount == xorb.footerStart)
            }
        }
    }

    @Test func `drops what was half written`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            _ = try await DiskXorbStore.open(layout)
            let leftover = layout.temporaryFile()
            try await Self.write([1, 2, 3], to: leftover)
            _ = try await DiskXorbStore.open(layout)
            #expect(try await FileSystem.shared.info(forFileAt: leftover) == nil)
        }
    }

    @Test func `leaves nothing behind when a write is refused`() async throws {
        struct Refusal: Error {}
        try await StoreContents.withFolder { folder in
            let files = StoreFiles(layout: StoreLayout(root: folder))
            try await files.prepare()
            let path = files.layout.xorb(.zero)
            await #expect(throws: Refusal.self) {
                _ = try await files.write([[1, 2, 3]], to: path) { _ in throw Refusal() }
            }
            #expect(try await FileSystem.shared.info(forFileAt: path) == nil)
            #expect(try await FileSystem.shared.entries(of: files.layout.temporaryFolder).isEmpty)
        }
    }

    @Test func `does not open with a damaged xorb`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.lines(100_000)))
            let other = try StoreContents.xorb(StoreContents.chunks(of: Inputs.lines(50_000)))
            _ = try await DiskXorbStore.open(layout)
            let path = layout.xorb(xorb.index.hash)

            try await Self.write(Array(xorb.stored.dropLast(1)), to: path)
            await #expect(throws: StoreError.self) { _ = try await DiskXorbStore.open(layout) }

            try await Self.write([], to: path)
            await #expect(throws: StoreError.self) { _ = try await DiskXorbStore.open(layout) }

            try await Self.write(other.stored, to: path)
            await #expect(throws: StoreError.misnamedXorb(xorb.index.hash, found: other.index.hash)) {
                _ = try await DiskXorbStore.open(layout)
            }
        }
    }

    @Test func `notices a xorb that became shorter`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(100_000, seed: 3)))
            let store = try await DiskXorbStore.open(layout)
            try await store.put(xorb)
            try await Self.write(Array(xorb.stored.prefix(1000)), to: layout.xorb(xorb.index.hash))
            let range = try #require(HTTPByteRange(first: 0, last: 4999))
            await #expect(throws: StoreError.truncatedXorb(xorb.index.hash, expected: 5000, found: 1000)) {
                _ = try await store.bytes(range, of: xorb.index.hash)
            }
        }
    }

    /// Writes a file past the store.
    private static func write(_ bytes: [UInt8], to path: FilePath) async throws {
        try await FileSystem.shared.createDirectory(
            at: path.removingLastComponent(),
            withIntermediateDirectories: true,
            permissions: nil
        )
        try await FileSystem.shared.withFileHandle(
            forWritingAt: path,
            options: .newFile(replaceExisting: true)
        ) { file in
            _ = try await file.write(contentsOf: bytes, toAbsoluteOffset: 0)
        }
    }
}
