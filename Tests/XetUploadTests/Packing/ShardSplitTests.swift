import Testing
import XetCore
import XetTestSupport

@testable import XetUpload

@Suite struct ShardSplitTests {
    @Test func `spreads what does not fit one shard`() throws {
        let files = try (0..<50).map { number in
            let term = try Term(
                xorb: .zero,
                chunks: try #require(ChunkRange(start: 0, end: 1)),
                unpackedByteCount: number
            )
            let hash = FileHash(words: (UInt64(number), 0, 0, 1))
            return try ShardFile(hash: hash, terms: [term], verification: [.zero], sha256: .zero)
        }
        var builder = XorbBuilder()
        try builder.append([1].rawSpan, hash: ChunkHash(ofChunk: [1]))
        let xorb = try ShardXorb(builder.finish().index)
        let shards = ShardSplit.shards(files: files, xorbs: [xorb], targetByteCount: 3000)
        #expect(shards.count > 1)
        #expect(shards.flatMap(\.files) == files)
        #expect(shards.flatMap(\.xorbs) == [xorb])
        #expect(shards.allSatisfy { $0.uploadByteCount <= 3000 })
        #expect(ShardSplit.shards(files: files, xorbs: [xorb]).count == 1)
        #expect(ShardSplit.shards(files: [], xorbs: []).isEmpty)
    }
}
