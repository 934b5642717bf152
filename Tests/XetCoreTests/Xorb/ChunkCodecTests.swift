import Testing
import XetCore
import XetTestSupport

@Suite struct ChunkCodecTests {
    /// Chunks that the reference client's decoder accepted or rejected.
    @Test func `golden frames`() throws {
        let frames = try Golden.load().frames
        #expect(frames.count == 29)
        for frame in frames {
            let serialized = try Vectors.golden(frame.file)
            let raw = Array(try Vectors.golden(frame.raw).prefix(frame.rawLength))
            if frame.accept {
                #expect(try unpackedChunk(serialized) == raw, "\(frame.file)")
            } else {
                #expect(throws: ChunkError.self, "\(frame.file)") { try unpackedChunk(serialized) }
            }
        }
    }

    /// What one chunk leaves in the unpacker must not change the next.
    @Test func `one unpacker for all golden frames`() throws {
        var unpacker = ChunkUnpacker()
        for frame in try Golden.load().frames + Golden.load().frames.reversed() {
            let serialized = try Vectors.golden(frame.file)
            let raw = Array(try Vectors.golden(frame.raw).prefix(frame.rawLength))
            var found: [UInt8]?
            do {
                let header = try ChunkHeader(parsing: serialized)
                found = try unpacker.unpack(header, payload: Array(serialized.dropFirst(8)).rawSpan)
            } catch {
                found = nil
            }
            #expect(found == (frame.accept ? raw : nil), "\(frame.file)")
        }
    }

    @Test(arguments: CompressionScheme.allCases, [1, 2, 3, 4, 5, 8191, 65_536, 65_537, 131_072])
    func `round trip`(scheme: CompressionScheme, count: Int) throws {
        var packer = ChunkPacker()
        for chunk in [Inputs.lines(count), Inputs.splitmix(count, seed: 3), Inputs.halfs(count, seed: 1)] {
            var bytes: [UInt8] = [0xEE]
            let header = try packer.pack(chunk.rawSpan, scheme: scheme, into: &bytes)
            #expect(bytes.count == 1 + header.serializedByteCount)
            #expect(header.packedByteCount <= count)
            #expect(header.unpackedByteCount == count)
            #expect(try unpackedChunk(Array(bytes.dropFirst())) == chunk)
            if header.packedByteCount == count { #expect(header.scheme == .none) }
        }
    }

    @Test func `stores what does not shrink`() throws {
        var packer = ChunkPacker()
        for scheme in CompressionScheme.allCases {
            var bytes: [UInt8] = []
            let chunk = Inputs.splitmix(131_072, seed: 2)
            let header = try packer.pack(chunk.rawSpan, scheme: scheme, into: &bytes)
            #expect(header.scheme == .none)
            #expect(Array(bytes.dropFirst(8)) == chunk)
        }
    }

    @Test func `shrinks what can be shrunk`() throws {
        var packer = ChunkPacker()
        var bytes: [UInt8] = []
        let text = try packer.pack(Inputs.lines(100_000).rawSpan, scheme: .lz4, into: &bytes)
        #expect(text.scheme == .lz4)
        #expect(text.packedByteCount < 40_000)
        let floats = try packer.pack(Inputs.halfs(100_000, seed: 1).rawSpan, scheme: .byteGroupingLZ4, into: &bytes)
        #expect(floats.scheme == .byteGroupingLZ4)
        #expect(floats.packedByteCount < 80_000)
    }

    @Test func `refuses chunks of impossible length`() {
        for scheme in CompressionScheme.allCases {
            #expect(throws: ChunkError.truncated(needed: 1, available: 0)) { try pack([], scheme) }
            #expect(throws: ChunkError.unpackedTooLarge(found: 131_073, maximum: 131_072)) {
                try pack(Inputs.lines(131_073), scheme)
            }
            #expect(throws: ChunkError.unpackedTooLarge(found: 131_073, maximum: 131_072)) {
                try pack(Inputs.splitmix(131_073, seed: 1), scheme)
            }
        }
    }

    @Test func `payload must be as long as the header says`() throws {
        let header = try ChunkHeader(packedByteCount: 3, scheme: .none, unpackedByteCount: 3)
        #expect(throws: ChunkError.truncated(needed: 3, available: 2)) { try unpack(header, [1, 2]) }
        #expect(throws: ChunkError.truncated(needed: 3, available: 4)) { try unpack(header, [1, 2, 3, 4]) }
        let odd = try ChunkHeader(packedByteCount: 3, scheme: .none, unpackedByteCount: 4)
        #expect(throws: ChunkError.unpackedLengthMismatch(expected: 4, found: 3)) { try unpack(odd, [1, 2, 3]) }
    }

    /// Damaged chunks unpack to exactly the length of their header, or throw.
    @Test func `damaged chunks`() throws {
        var mutator = Mutator(seed: 29)
        var unpacked = 0
        for frame in try Golden.load().frames {
            let serialized = try Vectors.golden(frame.file)
            for _ in 0..<60 {
                let damaged = mutator.mutated(serialized)
                do {
                    let header = try ChunkHeader(parsing: damaged)
                    // The payload's length is the header's, so that the decoder is reached.
                    let payload = Array(
                        (damaged.dropFirst(8) + [UInt8](repeating: 0, count: header.packedByteCount))
                            .prefix(header.packedByteCount)
                    )
                    var unpacker = ChunkUnpacker()
                    let bytes = try unpacker.unpack(header, payload: payload.rawSpan)
                    #expect(bytes.count == header.unpackedByteCount)
                    unpacked += 1
                } catch {
                    continue
                }
            }
        }
        #expect(unpacked > 0)
    }

    private func pack(_ chunk: [UInt8], _ scheme: CompressionScheme) throws(ChunkError) -> [UInt8] {
        var packer = ChunkPacker()
        var bytes: [UInt8] = []
        try packer.pack(chunk.rawSpan, scheme: scheme, into: &bytes)
        return bytes
    }

    private func unpack(_ header: ChunkHeader, _ payload: [UInt8]) throws(ChunkError) -> [UInt8] {
        var unpacker = ChunkUnpacker()
        return try unpacker.unpack(header, payload: payload.rawSpan)
    }
}
