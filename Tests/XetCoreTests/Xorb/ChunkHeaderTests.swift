import Testing
import XetCore
import XetTestSupport

@Suite struct ChunkHeaderTests {
    @Test func `layout`() throws {
        let header = try ChunkHeader(packedByteCount: 0x030201, scheme: .byteGroupingLZ4, unpackedByteCount: 0x010203)
        var bytes: [UInt8] = []
        header.append(to: &bytes)
        #expect(bytes == [0, 1, 2, 3, 2, 3, 2, 1])
        #expect(header.serializedByteCount == 0x030201 + 8)
        #expect(try ChunkHeader(parsing: bytes + [0xFF]) == header)
    }

    @Test(arguments: [0, 1, 131_072, 131_073, 262_144])
    func `packed lengths that are read`(count: Int) throws {
        let bytes = serialized(packed: count, scheme: 1, unpacked: 131_072)
        #expect(try ChunkHeader(parsing: bytes).packedByteCount == count)
    }

    @Test(arguments: [262_145, 0xFFFFFF])
    func `packed lengths that are not`(count: Int) {
        #expect(throws: ChunkError.packedTooLarge(found: count, maximum: 262_144)) {
            try ChunkHeader(parsing: serialized(packed: count, scheme: 1, unpacked: 1))
        }
        #expect(throws: ChunkError.packedTooLarge(found: count, maximum: 262_144)) {
            try ChunkHeader(packedByteCount: count, scheme: .lz4, unpackedByteCount: 1)
        }
    }

    @Test(arguments: [0, 1, 131_072])
    func `unpacked lengths that are read`(count: Int) throws {
        #expect(try ChunkHeader(parsing: serialized(packed: 9, scheme: 1, unpacked: count)).unpackedByteCount == count)
    }

    @Test(arguments: [131_073, 0xFFFFFF])
    func `unpacked lengths that are not`(count: Int) {
        #expect(throws: ChunkError.unpackedTooLarge(found: count, maximum: 131_072)) {
            try ChunkHeader(parsing: serialized(packed: 1, scheme: 1, unpacked: count))
        }
    }

    @Test func `version and scheme`() throws {
        for version in 1...UInt8.max {
            #expect(throws: ChunkError.unknownVersion(version)) {
                try ChunkHeader(parsing: [version, 1, 0, 0, 0, 1, 0, 0])
            }
        }
        for scheme in 0...UInt8.max {
            let bytes = serialized(packed: 1, scheme: scheme, unpacked: 1)
            if scheme < 3 {
                #expect(try ChunkHeader(parsing: bytes).scheme.rawValue == scheme)
            } else {
                #expect(throws: ChunkError.unknownScheme(scheme)) { try ChunkHeader(parsing: bytes) }
            }
        }
    }

    @Test(arguments: 0..<8)
    func `truncated`(count: Int) {
        #expect(throws: ChunkError.truncated(needed: 8, available: count)) {
            try ChunkHeader(parsing: [UInt8](repeating: 0, count: count))
        }
    }

    private func serialized(packed: Int, scheme: UInt8, unpacked: Int) -> [UInt8] {
        [0] + u24(packed) + [scheme] + u24(unpacked)
    }

    private func u24(_ value: Int) -> [UInt8] {
        [UInt8(value & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value >> 16 & 0xFF)]
    }
}
