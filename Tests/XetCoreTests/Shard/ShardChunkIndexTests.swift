import Testing
import XetCore
import XetTestSupport

@Suite struct ShardChunkIndexTests {
    @Test(arguments: ["synthetic/dedup-keyed.shard", "synthetic/dedup-plain.shard"])
    func `golden dedup answers`(path: String) throws {
        let golden = try Golden.load()
        let index = ShardChunkIndex(try Shard(parsing: Vectors.golden(path)))
        let file = try #require(golden.files.first { $0.name == "random.bin" })
        let chunks = try file.chunkHashes.map { try #require(ChunkHash($0)) }
        let xorb = try #require(XorbHash(file.terms[0].xorb))
        for (position, chunk) in chunks.enumerated() {
            let start = position == 0 ? 0 : file.chunkEnds[position - 1]
            #expect(
                index.matches(of: chunk) == [
                    ShardMatch(
                        xorb: xorb,
                        chunks: try #require(ChunkRange(start: position, end: position + 1)),
                        unpackedByteCount: file.chunkEnds[position] - start
                    )
                ]
            )
            let run = try #require(index.longestMatch(of: chunks[position...]))
            #expect(run.chunks == ChunkRange(start: position, end: 19))
            #expect(run.unpackedByteCount == 1_000_000 - start)
        }
        #expect(index.longestMatch(of: chunks + [.zero])?.chunks == ChunkRange(start: 0, end: 19))
        #expect(index.longestMatch(of: [chunks[3], chunks[4], chunks[6]])?.chunks == ChunkRange(start: 3, end: 5))
        #expect(index.longestMatch(of: [ChunkHash.zero] + chunks) == nil)
        #expect(index.longestMatch(of: []) == nil)
        #expect(index.matches(of: .zero) == [])
        // The keyed hash itself matches nothing.
        if path.contains("keyed") {
            let keyed = try #require(
                golden.synthetic.first { $0.file == path }?.firstKeyedHash.flatMap { ChunkHash($0) }
            )
            #expect(index.matches(of: keyed) == [])
        }
    }

    @Test func `truncated hashes collide`() throws {
        let chunks: [ChunkHash] = [ShardContents.hash(5, 1), ShardContents.hash(5, 2), ShardContents.hash(5, 3)]
        let xorb: XorbHash = ShardContents.hash(1)
        let index = ShardChunkIndex(Shard(files: [], xorbs: [try ShardContents.xorb(xorb, chunks)]))
        for (position, chunk) in chunks.enumerated() {
            #expect(index.matches(of: chunk).map(\.chunks) == [ChunkRange(start: position, end: position + 1)])
        }
        #expect(index.matches(of: ShardContents.hash(5, 4)) == [])
        #expect(index.longestMatch(of: chunks)?.chunks == ChunkRange(start: 0, end: 3))
    }

    @Test func `takes the longest run`() throws {
        let a: ChunkHash = ShardContents.hash(1)
        let b: ChunkHash = ShardContents.hash(2)
        let c: ChunkHash = ShardContents.hash(3)
        let shard = Shard(
            files: [],
            xorbs: [
                try ShardContents.xorb(ShardContents.hash(10), [a, b, a, b, c, b]),
                try ShardContents.xorb(ShardContents.hash(20), [c, a, b, c]),
            ]
        )
        let index = ShardChunkIndex(shard)
        #expect(index.matches(of: a).map(\.chunks.start) == [0, 2, 1])
        #expect(index.matches(of: a).map(\.xorb.words.0) == [10, 10, 20])
        #expect(index.longestMatch(of: [a, b, c, a])?.chunks == ChunkRange(start: 2, end: 5))
        #expect(index.longestMatch(of: [c, a, b])?.xorb == ShardContents.hash(20))
        #expect(index.longestMatch(of: [c, a, b])?.unpackedByteCount == 30)
        // Of equal runs the first.
        #expect(index.longestMatch(of: [a, b])?.chunks == ChunkRange(start: 0, end: 2))
    }

    @Test func `a hostile shard costs little`() throws {
        let same: ChunkHash = ShardContents.hash(1)
        let shard = Shard(
            files: [],
            xorbs: [try ShardContents.xorb(ShardContents.hash(1), Array(repeating: same, count: 10_000), byteCount: 1)]
        )
        let index = ShardChunkIndex(shard)
        #expect(index.matches(of: same).count == ShardChunkIndex.maximumCandidateCount)
        let run = index.longestMatch(of: Array(repeating: same, count: 20_000))
        #expect(run?.chunks == ChunkRange(start: 0, end: 10_000))
    }

    @Test func `what is looked up`() {
        let sampled: ChunkHash = ShardContents.hash(1, 1, 1, 2048)
        let other: ChunkHash = ShardContents.hash(1024, 0, 0, 2049)
        #expect(sampled.isDedupEligible(isFirstOfFile: false))
        #expect(sampled.isDedupEligible(isFirstOfFile: true))
        #expect(!other.isDedupEligible(isFirstOfFile: false))
        #expect(other.isDedupEligible(isFirstOfFile: true))
    }
}
