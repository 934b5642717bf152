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
                try await write(try Vectors.golden(xorb.file), to: layout.xorb(hash))
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
            try await write([1, 2, 3], to: leftover)
            _ = try await DiskXorbStore.open(layout)
            #expect(try await FileSystem.shared.info(forFileAt: leftover) == nil)
        }
    }

    @Test func `leaves nothing behind when a write is refused`() async throws {
        struct Refusal: Error {}
        try await StoreContents.withFolder { folder in
            let files = StoreFiles(layout: StoreLayout(root: folder))
            try await files.prepare()
            await #expect(throws: Refusal.self) {
                _ = try await files.stage { file in
                    _ = try await file.write(contentsOf: [1, 2, 3] as [UInt8], toAbsoluteOffset: 0)
                    throw Refusal()
                }
            }
            #expect(try await FileSystem.shared.entries(of: files.layout.temporaryFolder).isEmpty)
        }
    }

    /// What can be in the place of a xorb instead.
    enum Damage: CaseIterable {
        case truncated, empty, shortFooter, otherXorb, longGarbage, flippedHash, flippedLength, folder, link

        func put(at path: FilePath, instead xorb: SerializedXorb) async throws {
            let fileSystem = FileSystem.shared
            try await fileSystem.removeItem(at: path)
            var changed = xorb.stored
            switch self {
            case .truncated: try await write(Array(xorb.stored.dropLast(1)), to: path)
            case .empty: try await write([], to: path)
            case .shortFooter: try await write([1, 0, 0, 0], to: path)
            case .otherXorb:
                try await write(StoreContents.xorb(StoreContents.chunks(of: Inputs.lines(50_000))).stored, to: path)
            case .longGarbage: try await write([UInt8](repeating: 0x7F, count: 100_000), to: path)
            case .flippedHash:
                changed[xorb.chunks.count + 50] ^= 1
                try await write(changed, to: path)
            case .flippedLength:
                // The unpacked end of the last chunk, before count, distances, unused bytes and length.
                changed[changed.count - 4 - 16 - 12 - 4] ^= 1
                try await write(changed, to: path)
            case .folder: try await write([1], to: path.appending("file"))
            case .link: try await fileSystem.createSymbolicLink(at: path, withDestination: "/etc/passwd")
            }
        }
    }

    @Test(arguments: Damage.allCases)
    func `opens without a damaged xorb, and takes it anew`(damage: Damage) async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.lines(100_000)))
            let good = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(100_000, seed: 5)))
            let first = try await DiskXorbStore.open(layout)
            try await first.put(xorb)
            try await first.put(good)
            let path = layout.xorb(xorb.index.hash)
            try await damage.put(at: path, instead: xorb)

            let store = try await DiskXorbStore.open(layout)
            #expect(store.damages.map(\.path) == [path.string])
            #expect(!store.contains(xorb.index.hash))
            #expect(try await store.index(of: xorb.index.hash) == nil)
            #expect(try await store.locate(xorb.index.chunkHashes[0]) == nil)
            #expect(try await store.index(of: good.index.hash) == good.index)
            // It was set aside, and is not found again.
            #expect(try await DiskXorbStore.open(layout).damages.isEmpty)

            #expect(try await store.put(xorb))
            #expect(try await store.index(of: xorb.index.hash) == xorb.index)
            #expect(try await DiskXorbStore.open(layout).index(of: xorb.index.hash) == xorb.index)
        }
    }

    @Test func `a xorb that is damaged while it is kept is forgotten and taken anew`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let chunks = StoreContents.chunks(of: Inputs.splitmix(300_000, seed: 6))
            let xorb = try StoreContents.xorb(chunks)
            let file = try StoreContents.file([(xorb.index, 0..<chunks.count)])
            let store = try await DiskXorbStore.open(layout)
            try await store.put(xorb)
            #expect(try await store.examine(xorb.index.hash) == nil)
            #expect(store.contains(xorb.index.hash))

            var changed = xorb.stored
            changed[xorb.index.serializedStart(of: 1) + 20] ^= 0x10
            try await write(changed, to: layout.xorb(xorb.index.hash))
            await #expect(throws: StoreError.self) {
                try await StoredFileReader(xorbs: store).read(FileByteRange(count: file.byteCount), of: file) { _ in }
            }
            #expect(!store.contains(xorb.index.hash))
            #expect(store.discardCount == 1)
            #expect(try await store.locate(xorb.index.chunkHashes[0]) == nil)

            #expect(try await store.put(xorb))
            var bytes: [UInt8] = []
            try await StoredFileReader(xorbs: store).read(FileByteRange(count: file.byteCount), of: file) {
                bytes.append(contentsOf: $0.readableBytesView)
            }
            let same = bytes == Array(chunks.joined())
            #expect(same)
        }
    }

    @Test func `a xorb that is gone is forgotten when it is needed`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.lines(100_000)))
            let store = try await DiskXorbStore.open(layout)
            try await store.put(xorb)
            try await FileSystem.shared.removeItem(at: layout.xorb(xorb.index.hash))
            #expect(try await store.examine(xorb.index.hash) != nil)
            #expect(!store.contains(xorb.index.hash))
            #expect(try await store.put(xorb))
        }
    }

    /// Pieces of a body, as long as given.
    private func pieces(_ body: [UInt8], _ length: Int) -> AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            for start in stride(from: 0, to: body.count, by: length) {
                continuation.yield(ByteBuffer(bytes: body[start..<min(start + length, body.count)]))
            }
            continuation.finish()
        }
    }

    @Test(arguments: [7, 1000, 65_536, 10_000_000])
    func `receives a xorb in pieces of any length`(length: Int) async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let input = Inputs.lines(40_000) + Inputs.splitmix(40_000, seed: 9)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: input))
            let store = try await DiskXorbStore.open(layout)
            // With a footer of its own, which is overwritten.
            for body in [xorb.stored, xorb.chunks] {
                let isNew = try await store.receive(
                    xorb.index.hash,
                    from: pieces(body, length),
                    maximumByteCount: body.count
                )
                #expect(isNew == (body.count == xorb.stored.count))
            }
            let kept = try await ByteBuffer(contentsOf: layout.xorb(xorb.index.hash), maximumSizeAllowed: .mebibytes(8))
            let same = Array(buffer: kept) == xorb.stored
            #expect(same)
            #expect(try await FileSystem.shared.entries(of: layout.temporaryFolder).isEmpty)
        }
    }

    @Test func `receives nothing that is not the xorb`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(200_000, seed: 10)))
            let store = try await DiskXorbStore.open(layout)
            var changed = xorb.chunks
            changed[changed.count / 2] ^= 1
            for body in [changed, [], Array(xorb.chunks.dropLast()), xorb.chunks + [1, 2, 3], Array("text".utf8)] {
                await #expect(throws: XorbError.self) {
                    _ = try await store.receive(xorb.index.hash, from: pieces(body, 5000), maximumByteCount: .max)
                }
            }
            await #expect(throws: XorbError.self) {
                _ = try await store.receive(.zero, from: pieces(xorb.chunks, 5000), maximumByteCount: .max)
            }
            let maximum = xorb.chunks.count - 1
            await #expect(throws: StoreError.tooLong(maximum: maximum)) {
                _ = try await store.receive(xorb.index.hash, from: pieces(xorb.chunks, 5000), maximumByteCount: maximum)
            }
            // More chunks than an index has room for: header, and nothing in it.
            let many = [UInt8](repeating: 0, count: 8 * (DiskXorbStore.maximumReceivedChunkCount + 1))
            await #expect(throws: XorbError.full) {
                _ = try await store.receive(.zero, from: pieces(many, 100_000), maximumByteCount: .max)
            }
            #expect(!store.contains(xorb.index.hash))
            #expect(try await FileSystem.shared.entries(of: layout.temporaryFolder).isEmpty)
        }
    }

    @Test func `of many who bring the same xorb one is first`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(200_000, seed: 11)))
            let store = try await DiskXorbStore.open(layout)
            let newCount = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        if number.isMultiple(of: 2) { return try await store.put(xorb) }
                        let body = pieces(xorb.chunks, 50_000)
                        return try await store.receive(xorb.index.hash, from: body, maximumByteCount: .max)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(newCount == 1)
            #expect(try await store.examine(xorb.index.hash) == nil)
            #expect(try await FileSystem.shared.entries(of: layout.temporaryFolder).isEmpty)
        }
    }

    @Test func `notices a xorb that became shorter`() async throws {
        try await StoreContents.withFolder { folder in
            let layout = StoreLayout(root: folder)
            let xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(100_000, seed: 3)))
            let store = try await DiskXorbStore.open(layout)
            try await store.put(xorb)
            try await write(Array(xorb.stored.prefix(1000)), to: layout.xorb(xorb.index.hash))
            let range = try #require(HTTPByteRange(first: 0, last: 4999))
            await #expect(throws: StoreError.truncatedXorb(xorb.index.hash, expected: 5000, found: 1000)) {
                _ = try await store.bytes(range, of: xorb.index.hash)
            }
        }
    }

}

/// Writes a file past the store.
private func write(_ bytes: [UInt8], to path: FilePath) async throws {
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
