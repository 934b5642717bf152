import NIOCore
import Testing
import XetCore
import XetTestSupport

@testable import XetUpload

@Suite struct ChunkBatchTests {
    private func bytes(_ batch: ChunkBatch) -> [[UInt8]] {
        batch.chunks.indices.map { chunk in batch.withBytes(of: chunk) { Array(copying: $0) } }
    }

    @Test func `knows where chunks lie and which are first`() throws {
        var batch = ChunkBatch()
        batch.beginFile()
        batch.append(ByteBuffer(bytes: [1, 2, 3, 4]))
        batch.addChunk(0..<3)
        batch.endFile(ChunkBatch.FileEnd(sha256: nil))
        batch.beginFile()
        batch.append(ByteBuffer(bytes: [4, 5]))
        batch.addChunk(0..<2)
        let hashed = HashedBatch(batch)
        #expect(bytes(batch) == [[1, 2, 3], [4, 5]])
        #expect(hashed.hashes == [ChunkHash(ofChunk: [1, 2, 3]), ChunkHash(ofChunk: [4, 5])])
        #expect(hashed.eligible == hashed.hashes)
        #expect(batch.byteCount == 5)
        #expect(batch.parts.map(\.chunks) == [0..<1, 1..<2])
        #expect(batch.parts.map { $0.end != nil } == [true, false])
    }

    @Test func `a file goes on in the next batch, whose chunks are not its first`() {
        var batch = ChunkBatch()
        batch.beginFile()
        batch.append(ByteBuffer(bytes: [1]))
        batch.addChunk(0..<1)
        let first = batch.take()
        #expect(first.parts.map(\.isStart) == [true])
        #expect(batch.byteCount == 0)
        batch.append(ByteBuffer(bytes: [2]))
        batch.addChunk(0..<1)
        #expect(batch.parts.map(\.isStart) == [false])
        #expect(HashedBatch(batch).eligible.isEmpty == (ChunkHash(ofChunk: [2]).modulo(1024) != 0))
        batch.endFile(ChunkBatch.FileEnd(sha256: nil))
        _ = batch.take()
        #expect(batch.take().parts.isEmpty)
    }

    @Test func `an empty file is a part without chunks`() {
        var batch = ChunkBatch()
        batch.beginFile()
        batch.endFile(ChunkBatch.FileEnd(sha256: nil))
        #expect(HashedBatch(batch).eligible.isEmpty)
        #expect(batch.parts.count == 1)
    }

    @Test(arguments: [0, 1, 8191, 8192, 8193, 131_072, 131_073, 700_000], [1000, 8192, 100_000, 1_000_000])
    func `cuts the same whatever the pieces and batches`(count: Int, pieceByteCount: Int) {
        let input = Inputs.splitmix(count, seed: 71)
        var cutter = FileCutter()
        // Twice, so that the second file begins anew.
        for _ in 0..<2 {
            var batch = ChunkBatch()
            var chunks: [[UInt8]] = []
            batch.beginFile()
            for start in stride(from: 0, to: count, by: pieceByteCount) {
                let piece = ByteBuffer(bytes: input[start..<min(count, start + pieceByteCount)])
                var offset = 0
                while offset < piece.readableBytes {
                    cutter.cut(piece, from: &offset, into: &batch, until: 150_000)
                    if batch.byteCount >= 150_000 { chunks += bytes(batch.take()) }
                }
            }
            cutter.finish(into: &batch)
            chunks += bytes(batch)
            #expect(Array(chunks.joined()) == input)
            var end = 0
            let ends = chunks.map { chunk in
                end += chunk.count
                return end
            }
            #expect(ends == Chunker.cuts(of: input.rawSpan))
        }
    }
}
