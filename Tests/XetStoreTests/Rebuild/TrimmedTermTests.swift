import Testing
import XetCore
import XetStore
import XetTestSupport

@Suite struct TrimmedTermTests {
    @Test func `keeps the chunks that hold the bytes`() throws {
        let sizes = [10, 20, 5, 40, 1]
        let index = try StoreContents.xorb(sizes.enumerated().map { [UInt8](repeating: UInt8($0), count: $1) }).index
        // Chunks 1 to 3: bytes 0..<20, 20..<25, 25..<65.
        let term = try Term(xorb: index.hash, chunks: try #require(ChunkRange(start: 1, end: 4)), unpackedByteCount: 65)
        let cases: [(Range<Int>, Range<Int>, offset: Int)] = [
            (0..<65, 1..<4, 0), (0..<1, 1..<2, 0), (19..<20, 1..<2, 19), (19..<21, 1..<3, 19), (20..<25, 2..<3, 0),
            (24..<26, 2..<4, 4), (25..<65, 3..<4, 0), (64..<65, 3..<4, 39), (20..<65, 2..<4, 0),
        ]
        for (bytes, chunks, offset) in cases {
            let trimmed = try #require(TrimmedTerm(term, bytes: bytes, index: index))
            #expect(trimmed.chunks == ChunkRange(start: chunks.lowerBound, end: chunks.upperBound), "\(bytes)")
            #expect(trimmed.offset == offset, "\(bytes)")
            #expect(trimmed.unpackedByteCount == sizes[chunks].reduce(0, +), "\(bytes)")
        }
        #expect(TrimmedTerm(term, bytes: 0..<66, index: index) == nil)
        #expect(TrimmedTerm(term, bytes: 5..<5, index: index) == nil)
    }
}
