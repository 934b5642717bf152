import NIOCore
import Testing
import XetAccess
import XetCore
import XetStore
import XetStoreTestSupport
import XetTestSupport

@Suite struct CheckedXorbReaderTests {
    @Test func `hands out the serialized chunks as they are`() async throws {
        let input = Inputs.splitmix(500_000, seed: 71) + Inputs.lines(500_000)
        let xorb = try StoreContents.xorb(StoreContents.chunks(of: input))
        let store = MemoryXorbStore()
        try await store.put(xorb)
        let count = xorb.index.chunkCount
        for (start, end) in [(0, count), (0, 1), (count - 1, count), (2, 7)] {
            let chunks = try #require(ChunkRange(start: start, end: end))
            let range = try #require(xorb.index.serializedRange(of: chunks))
            #expect(xorb.index.chunks(serialized: range) == chunks)
            var bytes: [UInt8] = []
            try await CheckedXorbReader(xorbs: store).read(chunks, of: xorb.index) {
                bytes.append(contentsOf: $0.readableBytesView)
            }
            let same = bytes == Array(xorb.chunks[Int(range.first)...Int(range.last)])
            #expect(same)
        }
    }

    @Test func `no byte of a changed chunk leaves`() async throws {
        let chunks = StoreContents.chunks(of: Inputs.splitmix(400_000, seed: 72))
        let xorb = try StoreContents.xorb(chunks)
        let starts = (0..<chunks.count).map(xorb.index.serializedStart)
        // A payload, and each part of a header.
        for (chunk, offset) in [(0, 60), (2, 8), (chunks.count - 1, 100), (1, 0), (1, 1), (1, 4), (1, 5)] {
            let store = DamagedStore(index: xorb.index, bytes: xorb.chunks, damage: starts[chunk] + offset)
            var bytes: [UInt8] = []
            await #expect(throws: StoreError.self) {
                let all = try #require(ChunkRange(start: 0, end: chunks.count))
                try await CheckedXorbReader(xorbs: store).read(all, of: xorb.index) {
                    bytes.append(contentsOf: $0.readableBytesView)
                }
            }
            let isRight = bytes.count <= starts[chunk] && bytes == Array(xorb.chunks.prefix(bytes.count))
            #expect(isRight, "chunk \(chunk), offset \(offset)")
        }
    }

    @Test func `a range is one of chunks or none`() throws {
        let index = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(300_000, seed: 73))).index
        let end = UInt64(index.serializedByteCount)
        let second = UInt64(index.serializedStart(of: 1))
        for (first, last) in [(1, end - 1), (0, second), (0, second - 2), (0, end), (end, end + 5)]
            as [(UInt64, UInt64)]
        {
            #expect(index.chunks(serialized: try #require(HTTPByteRange(first: first, last: last))) == nil)
        }
    }
}
