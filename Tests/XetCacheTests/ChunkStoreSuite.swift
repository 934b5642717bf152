import NIOCore
import Testing
import XetAccess
import XetCore
import XetTestSupport

@testable import XetCache

/// What every store of chunks does.
enum ChunkStoreSuite {
    /// Serialized chunks of a xorb that need not exist.
    struct Sample {
        let contents: ChunkRunContents
        let bytes: [UInt8]

        init(seed: UInt64, chunks: ChunkRange, hasHashes: Bool = true) throws {
            var random = SplitMix64(seed: seed)
            var records: [ChunkRecord] = []
            var bytes: [UInt8] = []
            for _ in 0..<chunks.count {
                let chunk = random.bytes(Int.random(in: 9...3000, using: &random))
                records.append(
                    ChunkRecord(
                        serializedByteCount: chunk.count,
                        unpackedByteCount: Int.random(in: 1...131_072, using: &random),
                        checksum: CRC64(of: chunk.rawSpan).value,
                        hash: hasHashes ? ChunkHash(ofChunk: chunk) : nil
                    )
                )
                bytes += chunk
            }
            self.bytes = bytes
            contents = try #require(
                ChunkRunContents(
                    xorb: Self.xorb(seed),
                    chunks: chunks,
                    firstByte: UInt64(chunks.start) * 4000,
                    records: records
                )
            )
        }

        static func xorb(_ seed: UInt64) -> XorbHash { XorbHash(words: (seed, seed &* 3, 7, seed)) }
    }

    static func chunks(_ start: Int, _ end: Int) throws -> ChunkRange {
        try #require(ChunkRange(start: start, end: end))
    }

    @discardableResult
    static func put(_ sample: Sample, into store: some ChunkStore) async throws -> ChunkRun {
        let writer = try #require(try await store.writer(byteCount: sample.bytes.count + 100))
        let middle = sample.bytes.count / 2
        try await writer.append([ByteBuffer(bytes: sample.bytes[..<middle])])
        #expect(Array(buffer: try await writer.read(3..<middle)) == Array(sample.bytes[3..<middle]))
        // The last one is more than the run.
        try await writer.append([ByteBuffer(bytes: sample.bytes[middle...]), ByteBuffer(string: "and more")])
        let run = try await writer.commit(sample.contents)
        #expect(run.contents == sample.contents)
        // Who has followed it goes on reading.
        #expect(Array(buffer: try await writer.read(0..<10)) == Array(sample.bytes[..<10]))
        return run
    }

    /// All of it, on a store that is empty and takes a megabyte.
    static func run(on store: some ChunkStore, byteCount: () -> Int) async throws {
        try await findsRuns(store)
        try await remembersHashes(store)
        try await forgets(store)
        try await keepsToItsLimit(store, byteCount)
    }

    private static func findsRuns(_ store: some ChunkStore) async throws {
        let sample = try Sample(seed: 1, chunks: try chunks(10, 30))
        let xorb = sample.contents.xorb
        #expect(try await store.runs(of: xorb, in: try chunks(0, 8192)).isEmpty)
        let run = try await put(sample, into: store)
        for (start, end) in [(0, 11), (10, 30), (15, 16), (29, 100), (0, 8192)] {
            let found = try await store.runs(of: xorb, in: try chunks(start, end))
            #expect(found.map(\.id) == [run.id] && found.map(\.contents) == [sample.contents])
        }
        for (start, end) in [(0, 10), (30, 31), (100, 8192)] {
            #expect(try await store.runs(of: xorb, in: try chunks(start, end)).isEmpty)
        }
        #expect(try await store.runs(of: Sample.xorb(99), in: try chunks(0, 8192)).isEmpty)
        #expect(Array(buffer: try await store.read(0..<sample.bytes.count, of: run.id)) == sample.bytes)
        #expect(Array(buffer: try await store.read(100..<5000, of: run.id)) == Array(sample.bytes[100..<5000]))
        // Only what is there.
        let end = sample.bytes.count
        #expect(Array(buffer: try await store.read(end - 5..<end + 5, of: run.id)) == Array(sample.bytes.suffix(5)))
        // Runs may overlap.
        let other = try Sample(seed: 1, chunks: try chunks(5, 12))
        let second = try await put(other, into: store)
        #expect(try await store.runs(of: xorb, in: try chunks(10, 12)).map(\.id) == [second.id, run.id])
    }

    private static func remembersHashes(_ store: some ChunkStore) async throws {
        let sample = try Sample(seed: 2, chunks: try chunks(0, 5), hasHashes: false)
        let run = try await put(sample, into: store)
        var records = sample.contents.records
        records[1].hash = ChunkHash(ofChunk: Array("one".utf8))
        try await store.note(records, of: run.id)
        var others = sample.contents.records
        others[3].hash = ChunkHash(ofChunk: Array("three".utf8))
        others[3].isProven = true
        try await store.note(others, of: run.id)
        // Another hash of the same bytes cannot be: the first one stays.
        others[1].hash = ChunkHash(ofChunk: Array("other".utf8))
        try await store.note(others, of: run.id)
        records[3] = others[3]
        let found = try await store.runs(of: sample.contents.xorb, in: sample.contents.chunks)
        #expect(found.first?.contents.records == records)
    }

    private static func forgets(_ store: some ChunkStore) async throws {
        let sample = try Sample(seed: 3, chunks: try chunks(0, 5))
        let run = try await put(sample, into: store)
        try await store.remove(run.id)
        try await store.remove(run.id)
        #expect(try await store.runs(of: sample.contents.xorb, in: sample.contents.chunks).isEmpty)
        #expect(try await store.read(0..<10, of: run.id).readableBytes == 0)
        try await store.note(sample.contents.records, of: run.id)
        #expect(try await store.runs(of: sample.contents.xorb, in: sample.contents.chunks).isEmpty)
        // What is abandoned leaves nothing, not even its room.
        for _ in 0..<100 {
            let writer = try #require(try await store.writer(byteCount: 900_000))
            try await writer.append([ByteBuffer(string: "for nothing")])
            await writer.abandon()
        }
    }

    private static func keepsToItsLimit(_ store: some ChunkStore, _ byteCount: () -> Int) async throws {
        #expect(try await store.writer(byteCount: 1 << 21) == nil)
        for seed in 100..<200 as Range<UInt64> {
            try await put(try Sample(seed: seed, chunks: try chunks(0, 20)), into: store)
            #expect(byteCount() <= 1 << 20)
        }
        #expect(byteCount() > 1 << 19)
        let last = try await store.runs(of: Sample.xorb(199), in: try chunks(0, 20))
        #expect(last.count == 1)
        // Nothing is dropped for what would not fit beside what is being written.
        let first = try #require(try await store.writer(byteCount: 900_000))
        #expect(try await store.writer(byteCount: 900_000) == nil)
        await first.abandon()
    }
}

@Suite struct MemoryChunkStoreTests {
    @Test func `what every store does`() async throws {
        let store = MemoryChunkStore(byteLimit: 1 << 20)
        try await ChunkStoreSuite.run(on: store) { store.byteCount }
    }
}
