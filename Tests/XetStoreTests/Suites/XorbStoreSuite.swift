import NIOCore
import Testing
import XetAccess
import XetCore
import XetStore
import XetTestSupport

/// What every store of xorbs has to do.
struct XorbStoreSuite {
    let store: any XorbStore

    func run() async throws {
        try await keepsAndGivesBack()
        try await locatesChunks()
        try await refusesWhatIsNotThere()
    }

    private func keepsAndGivesBack() async throws {
        let input = Inputs.lines(400_000) + Inputs.splitmix(400_000, seed: 21)
        let xorb = try StoreContents.xorb(StoreContents.chunks(of: input))
        let hash = xorb.index.hash
        #expect(try await store.index(of: hash) == nil)
        #expect(try await store.put(xorb))
        #expect(try await store.put(xorb) == false)
        #expect(try await store.index(of: hash) == xorb.index)
        let count = UInt64(xorb.chunks.count)
        for (first, last) in [(0, count - 1), (0, 0), (count - 1, count - 1), (7, 100_000)] as [(UInt64, UInt64)] {
            let range = try #require(HTTPByteRange(first: first, last: last))
            #expect(try await store.bytes(range, of: hash) == Array(xorb.chunks[Int(first)...Int(last)]))
        }
    }

    private func locatesChunks() async throws {
        let chunks = StoreContents.chunks(of: Inputs.splitmix(500_000, seed: 22))
        let first = try StoreContents.xorb(chunks)
        // The second xorb repeats the last chunk of the first.
        let second = try StoreContents.xorb(
            chunks.suffix(1) + StoreContents.chunks(of: Inputs.splitmix(100_000, seed: 23))
        )
        try await store.put(first)
        try await store.put(second)
        for (number, hash) in first.index.chunkHashes.enumerated() {
            let location = try #require(try await store.locate(hash))
            #expect(location.xorb == first.index)
            #expect(location.chunk == number)
        }
        let own = try #require(try await store.locate(second.index.chunkHashes[1]))
        #expect(own.xorb == second.index)
        #expect(own.chunk == 1)
        #expect(try await store.locate(ChunkHash(ofChunk: [1, 2, 3])) == nil)
        // The same first word is not the same chunk.
        let words = first.index.chunkHashes[0].words
        #expect(try await store.locate(ChunkHash(words: (words.0, words.1, words.2, words.3 ^ 1))) == nil)
    }

    private func refusesWhatIsNotThere() async throws {
        let xorb = try StoreContents.xorb([Array("some chunk".utf8)])
        let byte = try #require(HTTPByteRange(first: 0, last: 0))
        await #expect(throws: StoreError.unknownXorb(xorb.index.hash)) {
            _ = try await store.bytes(byte, of: xorb.index.hash)
        }
        try await store.put(xorb)
        let end = xorb.chunks.count
        let beyond = try #require(HTTPByteRange(first: 0, last: UInt64(end)))
        // The footer is not part of what is served.
        await #expect(
            throws: StoreError.rangeOutOfBounds(xorb: xorb.index.hash, last: UInt64(end), byteCount: end)
        ) {
            _ = try await store.bytes(beyond, of: xorb.index.hash)
        }
    }
}
