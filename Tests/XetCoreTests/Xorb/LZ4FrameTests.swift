import Testing
import XetTestSupport

@testable import XetCore

@Suite struct LZ4FrameTests {
    @Test(arguments: [
        (1, "04224d18604082"), (65_536, "04224d18604082"), (65_537, "04224d186050fb"), (131_072, "04224d186050fb"),
    ])
    func `writes one independent block`(count: Int, head: String) throws {
        let bytes = Inputs.lines(count)
        let frame = try encode(bytes)
        #expect(Array(frame.prefix(7)).hex == head)
        let length = frame[7..<11].reversed().reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
        #expect(frame.count == 7 + 4 + length + 4)
        #expect(frame.suffix(4) == [0, 0, 0, 0])
        #expect(try decode(frame, count: count) == bytes)
    }

    /// Header checksums: only one value of the third byte is right.
    @Test(arguments: [("6040", 0x82), ("6050", 0xfb), ("4040", 0xc0), ("4440", 0x5e)] as [(String, UInt8)])
    func `checks the header checksum`(descriptor: String, checksum: UInt8) throws {
        let bytes = try #require([UInt8](hex: descriptor))
        // The content checksum of no bytes: xxHash32 with seed 0.
        let end: [UInt8] = bytes[0] & 4 == 0 ? [0, 0, 0, 0] : [0, 0, 0, 0, 0x05, 0x5D, 0xCC, 0x02]
        for value in 0...UInt8.max {
            let frame = [0x04, 0x22, 0x4D, 0x18] + bytes + [value] + end
            if value == checksum {
                #expect(try decode(frame, count: 0) == [])
            } else {
                #expect(throws: ChunkError.self) { try decode(frame, count: 0) }
            }
        }
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 255, 8192, 65_535, 65_536, 65_537, 131_071, 131_072])
    func `round trip`(count: Int) throws {
        for bytes in [Inputs.lines(count), Inputs.splitmix(count, seed: 5), [UInt8](repeating: 0, count: count)] {
            let frame = try encode(bytes)
            #expect(try decode(frame, count: count) == bytes)
        }
    }

    @Test func `needs the exact length`() throws {
        let bytes = Inputs.lines(10_000)
        let frame = try encode(bytes)
        #expect(throws: ChunkError.unpackedTooLong(expected: 9999)) { try decode(frame, count: 9999) }
        #expect(throws: ChunkError.unpackedTooLong(expected: 0)) { try decode(frame, count: 0) }
        #expect(throws: ChunkError.unpackedLengthMismatch(expected: 10_001, found: 10_000)) {
            try decode(frame, count: 10_001)
        }
    }

    @Test func `rejects every truncation inside the block`() throws {
        let bytes = Inputs.lines(3000)
        let frame = try encode(bytes)
        for count in 0..<frame.count - 4 {
            #expect(throws: ChunkError.self) { try decode(Array(frame.prefix(count)), count: 3000) }
        }
        // Without the end mark the content is whole.
        for count in frame.count - 4...frame.count {
            #expect(try decode(Array(frame.prefix(count)), count: 3000) == bytes)
        }
    }

    @Test func `recovers after a bad frame`() throws {
        let bytes = Inputs.lines(100_000)
        let frame = try encode(bytes)
        var damaged = frame
        damaged.replaceSubrange(11..., with: repeatElement(0x55, count: damaged.count - 11))
        var decoder = LZ4FrameDecoder()
        do {
            _ = try decode(damaged, count: 100_000, with: &decoder)
            Issue.record("a damaged frame was decoded")
        } catch {
            guard case .invalidLZ4Frame = error else { throw error }
        }
        let found = try decode(frame, count: 100_000, with: &decoder)
        #expect(found == bytes)
    }

    /// Frames as the reference client writes them take a way of their own; the header of linked blocks avoids it.
    @Test(arguments: [1000, 100_000])
    func `both ways agree on damaged frames`(count: Int) throws {
        let frame = try encode(Inputs.lines(count))
        var other = frame
        other[4] = 0x40
        other[6] = try headerChecksum(of: Array(other[4..<6]))
        #expect(try decode(other, count: count) == Inputs.lines(count))

        var mutator = Mutator(seed: UInt64(count))
        var accepted = 0
        for _ in 0..<400 {
            let tail = mutator.mutated(Array(frame[7...]))
            let expected = outcome(Array(other[..<7]) + tail, count: count)
            #expect(outcome(Array(frame[..<7]) + tail, count: count) == expected)
            if case .success = expected { accepted += 1 }
        }
        #expect((1..<400).contains(accepted))
    }

    @Test func `several independent blocks`() throws {
        let bytes = Inputs.lines(131_072)
        let pieces = [0..<65_536, 65_536..<65_537, 65_537..<131_072].map { Array(bytes[$0]) }
        var frame: [UInt8] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82]
        for piece in pieces { frame += try encode(piece)[7...].dropLast(4) }
        frame += [0, 0, 0, 0]
        #expect(try decode(frame, count: 131_072) == bytes)
        #expect(throws: ChunkError.unpackedTooLong(expected: 131_071)) { try decode(frame, count: 131_071) }
        #expect(throws: ChunkError.unpackedTooLong(expected: 65_537)) { try decode(frame, count: 65_537) }
        #expect(throws: ChunkError.unpackedLengthMismatch(expected: 131_073, found: 131_072)) {
            try decode(frame, count: 131_073)
        }
        #expect(try decode(Array(frame.dropLast(4)), count: 131_072) == bytes)
        #expect(try decode(frame + [1, 2, 3], count: 131_072) == bytes)
    }

    @Test func `no block is larger than the frame says`() throws {
        var frame = try encode(Inputs.lines(65_537))
        #expect(frame[5] == 0x50)
        frame.replaceSubrange(5..<7, with: [0x40, 0x82])
        #expect(throws: ChunkError.self) { try decode(frame, count: 65_537) }
    }

    private func outcome(_ frame: [UInt8], count: Int) -> Result<[UInt8], ChunkError> {
        Result { () throws(ChunkError) in try decode(frame, count: count) }
    }

    /// The one value with which an empty frame is accepted.
    private func headerChecksum(of descriptor: [UInt8]) throws -> UInt8 {
        let end: [UInt8] = [0, 0, 0, 0]
        return try #require(
            (0...UInt8.max).first { checksum in
                (try? decode([0x04, 0x22, 0x4D, 0x18] + descriptor + [checksum] + end, count: 0)) != nil
            }
        )
    }

    private func encode(_ bytes: [UInt8]) throws -> [UInt8] {
        // What was there before is replaced.
        var frame: [UInt8] = [1, 2, 3]
        let isWritten = LZ4FrameEncoder.encode(bytes.rawSpan, into: &frame)
        try #require(isWritten)
        return frame
    }

    private func decode(_ frame: [UInt8], count: Int) throws(ChunkError) -> [UInt8] {
        var decoder = LZ4FrameDecoder()
        return try decode(frame, count: count, with: &decoder)
    }

    private func decode(
        _ frame: [UInt8],
        count: Int,
        with decoder: inout LZ4FrameDecoder
    ) throws(ChunkError) -> [UInt8] {
        var bytes: [UInt8] = []
        try bytes.replace(capacity: count) { (output) throws(ChunkError) in
            try decoder.decode(frame.rawSpan, count: count, into: &output)
        }
        return bytes
    }
}
