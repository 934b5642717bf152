import Testing
import XetCore
import XetTestSupport

@testable import XetUpload

@Suite struct ChunkBatchTests {
    @Test func `knows where chunks lie and which are first`() throws {
        var batch = ChunkBatch()
        batch.beginFile()
        batch.bytes += [1, 2, 3]
        #expect(batch.hasOpenChunk)
        batch.closeChunk()
        #expect(!batch.hasOpenChunk)
        batch.endFile(ChunkBatch.FileEnd(sha256: nil))
        batch.beginFile()
        batch.bytes += [4, 5]
        batch.closeChunk()
        let hashed = HashedBatch(batch)
        #expect(hashed.hashes == [ChunkHash(ofChunk: [1, 2, 3]), ChunkHash(ofChunk: [4, 5])])
        #expect(hashed.eligible == hashed.hashes)
        #expect(batch.range(of: 1) == 3..<5)
        #expect(batch.parts.map(\.chunks) == [0..<1, 1..<2])
        #expect(batch.parts.map { $0.end != nil } == [true, false])
    }

    @Test func `a file goes on in the next batch, whose chunks are not its first`() {
        var batch = ChunkBatch()
        batch.beginFile()
        batch.bytes += [1]
        batch.closeChunk()
        let first = batch.take()
        #expect(first.parts.map(\.isStart) == [true])
        #expect(batch.bytes.isEmpty)
        batch.bytes += [2]
        batch.closeChunk()
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
}
