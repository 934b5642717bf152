import NIOCore
import Testing
import XetAccess
import XetCore
import XetStore
import XetStoreTestSupport
import XetTestSupport

@Suite struct StoredFileReaderTests {
    private let store = MemoryXorbStore()

    private func read(_ range: FileByteRange, of file: ShardFile) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await StoredFileReader(xorbs: store).read(range, of: file) {
            bytes.append(contentsOf: $0.readableBytesView)
        }
        return bytes
    }

    @Test func `rebuilds every range`() async throws {
        let chunks = StoreContents.chunks(of: Inputs.splitmix(300_000, seed: 61))
        let texts = StoreContents.chunks(of: Inputs.lines(300_000))
        let (first, second) = (try StoreContents.xorb(chunks), try StoreContents.xorb(texts))
        try await store.put(first)
        try await store.put(second)
        // Backwards, twice the same, and back to a xorb that was used before.
        let file = try StoreContents.file([
            (first.index, 2..<4), (first.index, 0..<1), (second.index, 0..<2), (first.index, 0..<1),
            (first.index, 0..<chunks.count),
        ])
        let parts = [chunks[2], chunks[3], chunks[0], texts[0], texts[1], chunks[0]] + chunks
        let content = Array(parts.joined())
        #expect(file.byteCount == UInt64(content.count))
        var ends = [0]
        for part in parts { ends.append((ends.last ?? 0) + part.count) }
        var limits = Set(ends.flatMap { [$0 - 1, $0, $0 + 1] })
        limits = limits.filter { $0 >= 0 && $0 <= content.count }
        for start in limits {
            for end in limits.sorted().filter({ $0 >= start }).prefix(5) + [content.count] {
                let range = try #require(FileByteRange(start: UInt64(start), end: UInt64(end)))
                let same = try await read(range, of: file) == Array(content[start..<end])
                #expect(same, "\(start)..<\(end)")
            }
        }
    }

    @Test func `rebuilds the golden files`() async throws {
        let golden = try Golden.load()
        for xorb in golden.xorbs {
            try await store.put(SerializedXorb(verifying: Vectors.golden(xorb.file)))
        }
        for upload in golden.uploads {
            let shard = try Shard(parsing: Vectors.golden(upload.file))
            for file in shard.files {
                let name = try #require(golden.files.first { $0.fileHash == file.hash.text }?.name)
                let same = try await read(FileByteRange(count: file.byteCount), of: file) == Inputs.golden(name)
                #expect(same, "\(name)")
            }
        }
    }

    @Test func `refuses what is behind the end`() async throws {
        let xorb = try StoreContents.xorb([Array("0123456789".utf8)])
        try await store.put(xorb)
        let file = try StoreContents.file([(xorb.index, 0..<1)])
        let range = try #require(FileByteRange(start: 5, end: 11))
        await #expect(throws: StoreError.beyondEndOfFile(file.hash, end: 11, byteCount: 10)) {
            _ = try await read(range, of: file)
        }
    }

    @Test func `never hands out a changed chunk`() async throws {
        let chunks = StoreContents.chunks(of: Inputs.splitmix(200_000, seed: 62))
        let xorb = try StoreContents.xorb(chunks)
        let file = try StoreContents.file([(xorb.index, 0..<chunks.count)])
        let damaged = DamagedStore(
            index: xorb.index,
            bytes: xorb.chunks,
            damage: xorb.index.serializedStart(of: 1) + 50
        )
        var bytes: [UInt8] = []
        await #expect(throws: StoreError.corruptChunk(xorb: xorb.index.hash, chunk: 1)) {
            try await StoredFileReader(xorbs: damaged).read(FileByteRange(count: file.byteCount), of: file) {
                bytes.append(contentsOf: $0.readableBytesView)
            }
        }
        #expect(bytes == chunks[0])
    }
}

/// One xorb of which a byte is wrong, given in small pieces.
struct DamagedStore: XorbStore {
    let index: XorbIndex
    let bytes: [UInt8]
    let damage: Int

    func put(_ xorb: SerializedXorb) async throws -> Bool { false }
    func locate(_ chunk: ChunkHash) async throws -> ChunkLocation? { nil }
    func index(of xorb: XorbHash) async throws -> XorbIndex? { index }
    func examine(_ xorb: XorbHash) async throws -> (any Error)? { nil }

    func read(
        _ range: HTTPByteRange,
        of xorb: XorbHash,
        _ body: (ByteBuffer) async throws -> Void
    ) async throws {
        var changed = bytes
        changed[damage] ^= 1
        for start in stride(from: Int(range.first), through: Int(range.last), by: 1000) {
            try await body(ByteBuffer(bytes: changed[start...min(start + 999, Int(range.last))]))
        }
    }
}
