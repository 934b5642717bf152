import Testing
import XetCore
import XetTestSupport

@Suite struct XorbBuilderTests {
    @Test(arguments: ["random.bin", "text.txt", "f32.bin"])
    func `makes the golden xorbs`(name: String) throws {
        let golden = try Golden.load()
        let file = try #require(golden.files.first { $0.name == name })
        let expected = try #require(golden.xorbs.first { $0.hash == file.terms[0].xorb })
        let input = try #require(Inputs.golden(name))
        let xorb = try Self.build(Self.chunks(of: input))
        #expect(xorb.index.hash.text == expected.hash)
        #expect(xorb.index.chunkHashes.map(\.text) == expected.chunks.map(\.hash))
        #expect(xorb.index.unpackedByteCount == expected.unpackedBytes)
        let chunks = try unpackedChunks(of: [xorb.chunks])
        #expect(chunks.map(\.header.scheme.rawValue) == expected.chunks.map(\.scheme))
        #expect(chunks.flatMap(\.bytes) == input)
    }

    @Test func `comes back in pieces of any size`() throws {
        var random = SplitMix64(seed: 4)
        let input = Inputs.lines(60_000) + Inputs.halfs(60_000, seed: 2) + Inputs.splitmix(60_000, seed: 2)
        let sizes = [1, 2, 3, 4, 5, 63, 4096, 8191, 8192, 40_000, 100_000]
        var chunks: [[UInt8]] = []
        for size in sizes {
            let start = Int.random(in: 0...input.count - size, using: &random)
            chunks.append(Array(input[start..<start + size]))
        }
        let xorb = try Self.build(chunks)
        #expect(xorb.index.chunkCount == chunks.count)
        #expect(xorb.index.serializedByteCount == xorb.chunks.count)
        for maximum in [1, 10, 1000, 1_000_000] {
            let pieces = xorb.chunks.pieces(upTo: maximum, using: &random)
            #expect(try unpackedChunks(of: pieces).map(\.bytes) == chunks)
        }
        // The stored form is the same with a footer, which says what the index says.
        #expect(try unpackedChunks(of: [xorb.stored], end: .chunksOrFooter).map(\.bytes) == chunks)
        let footer = try XorbFooter(ofStored: xorb.stored)
        #expect(XorbIndex(footer) == xorb.index)
    }

    @Test func `every range of chunks is a serialized range`() throws {
        let chunks = Self.chunks(of: Inputs.splitmix(300_000, seed: 1))
        let xorb = try Self.build(chunks)
        for start in chunks.indices {
            for end in start + 1...chunks.count {
                let range = try #require(ChunkRange(start: start, end: end))
                let bytes = try #require(xorb.index.serializedRange(of: range))
                let part = Array(xorb.chunks[Int(bytes.first)...Int(bytes.last)])
                #expect(try unpackedChunks(of: [part]).map(\.bytes) == Array(chunks[start..<end]))
                #expect(xorb.index.unpackedByteCount(of: range) == chunks[start..<end].reduce(0) { $0 + $1.count })
                let hashes = chunks[start..<end].map { ChunkHash(ofChunk: $0) }
                #expect(xorb.index.verificationHash(of: range) == VerificationHash(ofTerm: hashes))
            }
        }
    }

    @Test func `refuses what does not fit`() throws {
        var builder = XorbBuilder()
        let byte: [UInt8] = [1]
        let hash = ChunkHash(ofChunk: byte)
        for _ in 0..<8192 {
            try builder.append(byte.rawSpan, hash: hash)
        }
        let isFull = !builder.hasRoom(for: 1)
        #expect(isFull)
        do {
            try builder.append(byte.rawSpan, hash: hash)
            Issue.record("more chunks than a xorb may hold")
        } catch {
            #expect(error == .full)
        }
        // The refused chunk left no trace.
        let xorb = try builder.finish()
        #expect(xorb.index.chunkCount == 8192)
        #expect(try SerializedXorb(verifying: xorb.chunks, expected: xorb.index.hash).index == xorb.index)
    }

    @Test func `refuses more than 64 MiB`() throws {
        var builder = XorbBuilder()
        let chunk = [UInt8](repeating: 0, count: 131_072)
        let hash = ChunkHash(ofChunk: chunk)
        for _ in 0..<511 {
            try builder.append(chunk.rawSpan, hash: hash)
        }
        let rooms = [131_072, 131_073].map { builder.hasRoom(for: $0) }
        #expect(rooms == [true, false])
        try builder.append(chunk.rawSpan, hash: hash)
        let counts = [builder.unpackedByteCount, builder.chunkCount]
        #expect(counts == [64 * 1024 * 1024, 512])
        let hasRoom = builder.hasRoom(for: 1)
        #expect(!hasRoom)
    }

    @Test func `refuses chunks of impossible length`() throws {
        for chunk in [[], [UInt8](repeating: 0, count: 131_073)] {
            var builder = XorbBuilder()
            do {
                try builder.append(chunk.rawSpan, hash: .zero)
                Issue.record("a chunk of \(chunk.count) bytes was taken")
            } catch {
                guard case .invalidChunk(index: 0, offset: 0, _) = error else { throw error }
            }
            do {
                _ = try builder.finish()
                Issue.record("an empty xorb was finished")
            } catch {
                #expect(error == .noChunks)
            }
        }
    }

    static func chunks(of input: [UInt8]) -> [[UInt8]] {
        let ends = Chunker.cuts(of: input)
        return zip([0] + ends, ends).map { Array(input[$0..<$1]) }
    }

    static func build(_ chunks: [[UInt8]]) throws(XorbError) -> SerializedXorb {
        var builder = XorbBuilder()
        for chunk in chunks {
            try builder.append(chunk.rawSpan, hash: ChunkHash(ofChunk: chunk))
        }
        return try builder.finish()
    }
}
