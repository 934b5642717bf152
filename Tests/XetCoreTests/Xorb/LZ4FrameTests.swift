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
