import Testing
import XetCore
import XetTestSupport

@Suite struct XorbFooterTests {
    @Test func `golden xorbs`() throws {
        let golden = try Golden.load()
        #expect(golden.xorbs.count == 7)
        for xorb in golden.xorbs {
            let bytes = try Vectors.golden(xorb.file)
            #expect(bytes.count == xorb.bytes)
            #expect(try XorbFooter.byteCount(ofStored: bytes) == xorb.infoLength)
            let footer = try XorbFooter(ofStored: bytes)
            #expect(footer.hash.text == xorb.hash)
            #expect(footer.chunkHashes.map(\.text) == xorb.chunks.map(\.hash))
            #expect(footer.serializedEnds.map(Int.init) == xorb.chunks.map(\.end))
            let unpackedEnds = try #require(footer.unpackedEnds)
            #expect(unpackedEnds.map(Int.init) == Self.sums(xorb.chunks.map(\.length)))

            var written: [UInt8] = []
            footer.append(to: &written, unpackedEnds: unpackedEnds)
            #expect(Self.withoutUnused(written) == Self.withoutUnused(Array(bytes[xorb.footerStart...])))
            #expect(written.count == bytes.count - xorb.footerStart)

            let index = try #require(XorbIndex(footer))
            #expect(index.serializedByteCount == xorb.footerStart)
            #expect(index.unpackedByteCount == xorb.unpackedBytes)
            for (chunk, expected) in xorb.chunks.enumerated() {
                #expect(index.unpackedByteCount(of: chunk) == expected.length)
                let range = try #require(ChunkRange(start: chunk, end: chunk + 1))
                let serialized = try #require(index.serializedRange(of: range))
                #expect(serialized.last + 1 == UInt64(expected.end))
                #expect(serialized.first == UInt64(chunk == 0 ? 0 : xorb.chunks[chunk - 1].end))
            }
            let all = try #require(ChunkRange(start: 0, end: xorb.chunks.count))
            #expect(index.unpackedByteCount(of: all) == xorb.unpackedBytes)
            #expect(index.serializedRange(of: all)?.count == UInt64(xorb.footerStart))
            let beyond = try #require(ChunkRange(start: 0, end: xorb.chunks.count + 1))
            #expect(index.unpackedByteCount(of: beyond) == nil)
            #expect(index.serializedRange(of: beyond) == nil)
            #expect(index.verificationHash(of: beyond) == nil)
        }
    }

    @Test func `version 0 and a nonce`() throws {
        let name = "99d47e0fa8a7e18c3be418155e245bd7267148426b4bd3e8bae5ceef33730dc2"
        let current = try XorbFooter(ofStored: Vectors.golden("xorbs/\(name).xorb"))
        #expect(try XorbFooter(ofStored: Vectors.golden("synthetic/\(name).nonce.xorb")) == current)
        let old = try XorbFooter(ofStored: Vectors.golden("synthetic/\(name).v0.xorb"))
        #expect(old.unpackedEnds == nil)
        #expect(XorbIndex(old) == nil)
        #expect(old.hash == current.hash)
        #expect(old.chunkHashes == current.chunkHashes)
        #expect(old.serializedEnds == current.serializedEnds)
    }

    @Test func `unknown versions`() throws {
        let (bytes, start) = try Self.small("xorbs/", ".xorb")
        for version in 2...UInt8.max {
            var newer = bytes
            newer[7] = version
            #expect(throws: XorbError.unknownFooterVersion(version)) {
                try XorbFooter(parsing: newer, start: start)
            }
        }
        var hashes = bytes
        hashes[47] = 1
        #expect(throws: XorbError.unknownFooterVersion(1)) { try XorbFooter(parsing: hashes, start: start) }
        var bounds = bytes
        bounds[40 + 12 + 64 + 7] = 2
        #expect(throws: XorbError.unknownFooterVersion(2)) { try XorbFooter(parsing: bounds, start: start) }
    }

    @Test(arguments: [("xorbs/", ".xorb"), ("synthetic/", ".v0.xorb")])
    func `every truncation and extension throws`(folder: String, suffix: String) throws {
        let (bytes, start) = try Self.small(folder, suffix)
        for count in 0..<bytes.count {
            #expect(throws: XorbError.self) { try XorbFooter(parsing: Array(bytes.prefix(count)), start: start) }
        }
        #expect(throws: XorbError.self) { try XorbFooter(parsing: bytes + [0], start: start) }
        #expect(throws: XorbError.footerDisagrees(field: "end of the last chunk", expected: start + 1, found: start)) {
            try XorbFooter(parsing: bytes, start: start + 1)
        }
    }

    /// A change of any byte is refused, has no effect (the unused bytes), or is seen in what was parsed.
    @Test func `every change of one byte, version 1`() throws {
        let (bytes, start) = try Self.small("xorbs/", ".xorb")
        let original = try XorbFooter(parsing: bytes, start: start)
        for offset in bytes.indices {
            for value in [0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF, bytes[offset] &+ 1, bytes[offset] &- 1, ~bytes[offset]] {
                var changed = bytes
                changed[offset] = value
                guard let footer = try? XorbFooter(parsing: changed, start: start) else { continue }
                var written: [UInt8] = []
                footer.append(to: &written, unpackedEnds: try #require(footer.unpackedEnds))
                #expect(Self.withoutUnused(written) == Self.withoutUnused(changed + written.suffix(4)))
                if offset >= bytes.count - 16 { #expect(footer == original) }
            }
        }
    }

    @Test(arguments: [("xorbs/", ".xorb"), ("synthetic/", ".v0.xorb"), ("synthetic/", ".nonce.xorb")])
    func `damaged footers`(folder: String, suffix: String) throws {
        let (bytes, start) = try Self.small(folder, suffix)
        var mutator = Mutator(seed: 5)
        var parsed = 0
        for _ in 0..<5000 {
            guard let footer = try? XorbFooter(parsing: mutator.mutated(bytes), start: start) else { continue }
            parsed += 1
            #expect(footer.chunkHashes.count == footer.serializedEnds.count)
            #expect(footer.serializedEnds.last.map(UInt64.init) == start)
            #expect(footer.unpackedEnds?.count ?? footer.chunkHashes.count == footer.chunkHashes.count)
        }
        #expect(parsed > 0)
    }

    @Test func `counts are held against the bytes`() throws {
        var (bytes, start) = try Self.small("xorbs/", ".xorb")
        for index in 48..<52 {
            bytes[index] = 0xFF
        }
        #expect(throws: XorbError.self) { try XorbFooter(parsing: bytes, start: start) }
    }

    @Test(arguments: [0, 39, 8392, 8395, 0xFFFF_FFFF] as [UInt32])
    func `length that does not fit`(length: UInt32) {
        let trailer = (0..<4).map { UInt8(truncatingIfNeeded: length >> UInt32(8 * $0)) }
        #expect(throws: XorbError.footerOutOfBounds(length: Int(length), available: 8395)) {
            try XorbFooter.byteCount(ofStored: [UInt8](repeating: 0, count: 8391) + trailer)
        }
        #expect(throws: XorbError.footerOutOfBounds(length: 4, available: 3)) {
            try XorbFooter.byteCount(ofStored: [0, 0, 0])
        }
    }

    @Test func `offsets must grow`() throws {
        let hashes = [ChunkHash.zero, .zero]
        func make(_ serialized: [UInt32], _ unpacked: [UInt32]?) throws(XorbError) -> XorbFooter {
            try XorbFooter(hash: .zero, chunkHashes: hashes, serializedEnds: serialized, unpackedEnds: unpacked)
        }
        #expect(try make([8, 16], [0, 0]).chunkHashes.count == 2)
        #expect(throws: XorbError.invalidChunkOffset(index: 0)) { try make([7, 16], nil) }
        #expect(throws: XorbError.invalidChunkOffset(index: 1)) { try make([8, 15], nil) }
        #expect(throws: XorbError.invalidChunkOffset(index: 1)) { try make([16, 8], nil) }
        #expect(throws: XorbError.invalidChunkOffset(index: 1)) { try make([8, 16], [5, 4]) }
        #expect(throws: XorbError.footerDisagrees(field: "serialized ends", expected: 2, found: 1)) {
            try make([8], nil)
        }
        #expect(throws: XorbError.footerDisagrees(field: "unpacked ends", expected: 2, found: 3)) {
            try make([8, 16], [1, 2, 3])
        }
    }

    /// Footer of the smallest golden xorb, and where it starts.
    private static func small(_ folder: String, _ suffix: String) throws -> (bytes: [UInt8], start: UInt64) {
        let name = "99d47e0fa8a7e18c3be418155e245bd7267148426b4bd3e8bae5ceef33730dc2"
        let bytes = try Vectors.golden(folder + name + suffix)
        return (Array(bytes[8219..<bytes.count - 4]), 8219)
    }

    private static func sums(_ counts: [Int]) -> [Int] {
        var sum = 0
        return counts.map { count in
            sum += count
            return sum
        }
    }

    /// A footer and its length, with the unused bytes zeroed.
    private static func withoutUnused(_ bytes: [UInt8]) -> [UInt8] {
        bytes.dropLast(20) + [UInt8](repeating: 0, count: 16) + bytes.suffix(4)
    }
}
