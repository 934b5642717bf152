import Testing
import XetCore
import XetTestSupport

@Suite struct ChunkScannerTests {
    private static func serialized(_ random: inout SplitMix64) throws -> (bytes: [UInt8], chunks: [[UInt8]]) {
        var bytes: [UInt8] = []
        var chunks: [[UInt8]] = []
        for _ in 0..<20 {
            var builder = XorbBuilder()
            let content = random.bytes(Int.random(in: 1...900, using: &random))
            try builder.append(content.rawSpan, hash: ChunkHash(ofChunk: content))
            let chunk = try builder.finish().chunks
            bytes += chunk
            chunks.append(chunk)
        }
        return (bytes, chunks)
    }

    @Test(arguments: [1, 2, 7, 8, 9, 100, 1000, 1 << 20])
    func `finds each chunk with its checksum, in pieces of any size`(pieceByteCount: Int) throws {
        var random = SplitMix64(seed: UInt64(pieceByteCount))
        let (bytes, chunks) = try Self.serialized(&random)
        var scanner = ChunkScanner()
        var found: [ChunkScanner.Found] = []
        for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
            let piece = Array(bytes[start..<min(bytes.count, start + pieceByteCount)])
            var offset = 0
            while let chunk = try scanner.next(in: piece.rawSpan, from: &offset) { found.append(chunk) }
            #expect(offset == piece.count)
        }
        try scanner.finish()
        #expect(found.map(\.index) == Array(chunks.indices))
        #expect(found.map(\.header.serializedByteCount) == chunks.map(\.count))
        #expect(found.map(\.checksum) == chunks.map { CRC64(of: $0.rawSpan).value })
        #expect(scanner.chunkCount == chunks.count && scanner.serializedByteCount == bytes.count)
    }

    @Test func `an end within a chunk, or within a header, is one`() throws {
        var random = SplitMix64(seed: 1)
        let (bytes, chunks) = try Self.serialized(&random)
        for (count, needed, available) in [
            (chunks[0].count + 3, ChunkHeader.byteCount, 3),
            (chunks[0].count + 20, chunks[1].count, 20),
            (chunks[0].count + ChunkHeader.byteCount, chunks[1].count, ChunkHeader.byteCount),
        ] where count < chunks[0].count + chunks[1].count {
            var scanner = ChunkScanner()
            var offset = 0
            let piece = Array(bytes[..<count])
            while try scanner.next(in: piece.rawSpan, from: &offset) != nil {}
            #expect(throws: XorbError.truncated(index: 1, needed: needed, available: available)) {
                try scanner.finish()
            }
        }
    }

    @Test func `what is no header is refused where it stands`() throws {
        var random = SplitMix64(seed: 2)
        let (bytes, chunks) = try Self.serialized(&random)
        var wrong = bytes
        wrong[chunks[0].count] = 9
        var scanner = ChunkScanner()
        var offset = 0
        #expect(try scanner.next(in: wrong.rawSpan, from: &offset)?.index == 0)
        #expect(throws: XorbError.invalidChunk(index: 1, offset: chunks[0].count, .unknownVersion(9))) {
            try scanner.next(in: wrong.rawSpan, from: &offset)
        }
    }
}
