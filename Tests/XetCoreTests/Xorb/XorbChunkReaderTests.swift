import Testing
import XetCore
import XetTestSupport

@Suite struct XorbChunkReaderTests {
    @Test func `golden xorbs`() throws {
        for xorb in try Golden.load().xorbs {
            let bytes = try Vectors.golden(xorb.file)
            let chunks = try unpackedChunks(of: [bytes], end: .chunksOrFooter)
            #expect(chunks.map(\.bytes.count) == xorb.chunks.map(\.length))
            #expect(chunks.map(\.header.unpackedByteCount) == xorb.chunks.map(\.length))
            #expect(chunks.map(\.header.scheme.rawValue) == xorb.chunks.map(\.scheme))
            #expect(chunks.map { ChunkHash(ofChunk: $0.bytes).text } == xorb.chunks.map(\.hash))
            var end = 0
            var tree = MerkleTree()
            for (chunk, expected) in zip(chunks, xorb.chunks) {
                end += chunk.header.serializedByteCount
                #expect(end == expected.end)
                tree.append(ChunkHash(ofChunk: chunk.bytes), byteCount: chunk.bytes.count)
            }
            #expect(tree.xorbHash.text == xorb.hash)
            #expect(try unpackedChunks(of: [Array(bytes.prefix(xorb.footerStart))]) == chunks)
        }
    }

    @Test(arguments: [1, 2, 8, 9, 100, 5000, 300_000])
    func `pieces of any size`(maximum: Int) throws {
        var random = SplitMix64(seed: UInt64(maximum))
        for xorb in try Golden.load().xorbs where maximum > 2 || xorb.bytes < 10_000 {
            let bytes = try Vectors.golden(xorb.file)
            let whole = try unpackedChunks(of: [bytes], end: .chunksOrFooter)
            let pieces = bytes.pieces(upTo: maximum, using: &random)
            #expect(try unpackedChunks(of: pieces, end: .chunksOrFooter) == whole)
            let range = Array(bytes.prefix(xorb.footerStart)).pieces(upTo: maximum, using: &random)
            #expect(try unpackedChunks(of: [[]] + range + [[]]) == whole)
        }
    }

    @Test func `a footer is refused in a byte range`() throws {
        let bytes = try Self.small()
        for pieces in [[bytes], bytes.map { [$0] }] {
            #expect(throws: XorbError.unexpectedFooter(offset: 8219)) { try unpackedChunks(of: pieces) }
        }
    }

    @Test func `counts what it gave out`() throws {
        let bytes = try Self.small()
        var reader = XorbChunkReader(end: .chunksOrFooter)
        var offset = 0
        let first = try reader.next(in: bytes.rawSpan, from: &offset)
        #expect(first?.index == 0)
        #expect((reader.chunkCount, reader.serializedByteCount, offset) == (1, 20, 20))
        let second = try reader.next(in: bytes.rawSpan, from: &offset)
        #expect(second?.index == 1)
        #expect((reader.chunkCount, reader.serializedByteCount, offset) == (2, 8219, 8219))
        #expect(!reader.isAtFooter)
        let third = try reader.next(in: bytes.rawSpan, from: &offset)
        #expect(third == nil)
        #expect(reader.isAtFooter)
        try reader.finish()
    }

    @Test func `every truncation`() throws {
        let bytes = Array(try Self.small().prefix(8219))
        let ends = [0, 20, 8219]
        for count in 0...bytes.count {
            let prefix = Array(bytes.prefix(count))
            if let complete = ends.firstIndex(of: count) {
                #expect(try unpackedChunks(of: [prefix]).count == complete)
                continue
            }
            let index = count < 20 ? 0 : 1
            let start = ends[index]
            let needed = count - start < 8 ? 8 : ends[index + 1] - start
            #expect(throws: XorbError.truncated(index: index, needed: needed, available: count - start)) {
                try unpackedChunks(of: [prefix])
            }
        }
    }

    @Test func `errors name the chunk`() throws {
        var bytes = Array(try Self.small().prefix(8219))
        bytes[20] = 5
        let expected = XorbError.invalidChunk(index: 1, offset: 20, .unknownVersion(5))
        #expect(throws: expected) { try unpackedChunks(of: [bytes]) }
        #expect(throws: expected) { try unpackedChunks(of: bytes.map { [$0] }) }
        // A length that the payload does not have.
        bytes[20] = 0
        bytes.replaceSubrange(25..<28, with: [0x00, 0x20, 0x00])
        #expect(
            throws: XorbError.invalidChunk(index: 1, offset: 20, .unpackedLengthMismatch(expected: 8192, found: 8191))
        ) {
            try unpackedChunks(of: [bytes])
        }
    }

    @Test func `chunks of no bytes are read`() throws {
        let empty: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        let chunks = try unpackedChunks(of: [empty + (try Self.small().prefix(20)) + empty])
        #expect(chunks.map(\.bytes.count) == [0, 12, 0])
    }

    /// Whatever comes in, every chunk that comes out has its header's length, however the bytes are split.
    @Test func `damaged xorbs`() throws {
        let originals = try [
            "cd635fde582ecc8562dc3136b32db4e1b4c858d36601f9f99338b5edde92e0da",
            "6691b232ec2f0dfea3cb4aec891b64de3bd7c5cefb1bc13f5d493f9ee595f21c",
        ].map { try Vectors.golden("xorbs/\($0).xorb") }
        var mutator = Mutator(seed: 77)
        var random = SplitMix64(seed: 78)
        var read = 0
        for _ in 0..<1500 {
            let damaged = mutator.mutated(originals[Int.random(in: 0..<originals.count, using: &random)])
            let whole = Result { try unpackedChunks(of: [damaged], end: .chunksOrFooter) }
            let pieces = damaged.pieces(upTo: 200, using: &random)
            let split = Result { try unpackedChunks(of: pieces, end: .chunksOrFooter) }
            switch (whole, split) {
            case (.success(let whole), .success(let split)):
                #expect(whole == split)
                #expect(whole.allSatisfy { $0.bytes.count == $0.header.unpackedByteCount })
                read += 1
            case (.failure(let whole), .failure(let split)):
                #expect(whole as? XorbError == split as? XorbError)
            default:
                Issue.record("the split changed the outcome: \(whole), \(split)")
            }
        }
        #expect(read > 0)
    }

    private static func small() throws -> [UInt8] {
        try Vectors.golden("xorbs/99d47e0fa8a7e18c3be418155e245bd7267148426b4bd3e8bae5ceef33730dc2.xorb")
    }
}
