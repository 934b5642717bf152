import Testing
import XetCore
import XetTestSupport

@testable import XetUpload

@Suite struct ChunkAssemblerTests {
    private static func chunks(_ pieces: [[UInt8]]) -> [[UInt8]] {
        var assembler = ChunkAssembler()
        var chunks: [[UInt8]] = []
        for piece in pieces {
            var offset = 0
            while assembler.next(in: piece.rawSpan, from: &offset) {
                chunks.append(assembler.chunk)
            }
        }
        if assembler.finish() { chunks.append(assembler.chunk) }
        return chunks
    }

    @Test(arguments: [0, 1, 8191, 8192, 8193, 65_536, 131_071, 131_072, 131_073, 400_000])
    func `cuts the same whatever the pieces`(count: Int) {
        let input = Inputs.splitmix(count, seed: 71)
        let expected = Chunker.cuts(of: input)
        for size in [count + 1, 1000, 8192, 131_072] {
            let pieces = stride(from: 0, to: count, by: size).map { Array(input[$0..<min($0 + size, count)]) }
            let chunks = Self.chunks(pieces)
            var end = 0
            #expect(
                chunks.map { chunk in
                    end += chunk.count; return end
                } == expected
            )
            #expect(Array(chunks.joined()) == input)
        }
    }

    @Test func `starts afresh for the next file`() {
        let input = Inputs.splitmix(20_000, seed: 72)
        var assembler = ChunkAssembler()
        for _ in 0..<2 {
            var chunks: [[UInt8]] = []
            var offset = 0
            while assembler.next(in: input.rawSpan, from: &offset) { chunks.append(assembler.chunk) }
            if assembler.finish() { chunks.append(assembler.chunk) }
            #expect(chunks == Self.chunks([input]))
        }
        let hasMore = assembler.finish()
        #expect(!hasMore)
    }
}
