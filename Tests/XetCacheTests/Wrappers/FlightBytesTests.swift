import NIOCore
import Testing
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetAccess

@Suite struct FlightBytesTests {
    /// Pieces of any length, written in batches of any length: each chunk is always to be had from one place.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `a chunk is in memory or written, whole`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let chunks = try (0..<20).map { _ in
            try SampleFile.serialized(random.bytes(Int.random(in: 1...3000, using: &random)))
        }
        let all = chunks.flatMap { $0 }
        let skipped = Int.random(in: 0..<5, using: &random)
        let range = try #require(ChunkRange(start: 7, end: 7 + chunks.count))
        let kept = try #require(ChunkRange(start: range.start + skipped, end: range.end))
        let expected = chunks.dropFirst(skipped).flatMap { $0 }
        var bytes = FlightBytes(range, keeping: kept)
        var written: [UInt8] = []
        var offset = 0
        while offset < all.count {
            let count = min(Int.random(in: 1...5000, using: &random), all.count - offset)
            _ = try bytes.take(ByteBuffer(bytes: all[offset..<offset + count]))
            offset += count
            if Bool.random(using: &random) {
                let batch = bytes.claim(least: Int.random(in: 1...6000, using: &random))
                written += batch.flatMap { Array(buffer: $0) }
                if !batch.isEmpty { bytes.noteWritten() }
            }
            bytes.dropWritten(keeping: Int.random(in: 0...4000, using: &random))
            for (index, end) in bytes.chunkEnds.enumerated() {
                let start = index == 0 ? 0 : bytes.chunkEnds[index - 1]
                if let pieces = bytes.inMemory(start..<end) {
                    #expect(pieces.flatMap { Array(buffer: $0) } == Array(expected[start..<end]))
                } else {
                    #expect(index < bytes.writtenChunkCount && end <= written.count)
                }
            }
            #expect(written == Array(expected.prefix(written.count)))
        }
        try bytes.checkEnd(chunkCount: chunks.count)
        #expect(bytes.isComplete && bytes.completeByteCount == expected.count)
    }
}
