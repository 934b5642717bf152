import Testing
import XetCore
import XetTestSupport

/// Bytes that are no shard, or a damaged one.
@Suite struct ShardParsingTests {
    private static let paths = [
        "upload/empty+hello+tiny.shard", "upload/mix.shard", "synthetic/dedup-keyed.shard",
        "shards/16c2ca950bef1ecf631f61b4790b3279d6f6428864525ba2585d961ac9b1d7a5.mdb",
    ]

    @Test(arguments: paths + ["with tables"])
    func `every truncation throws`(path: String) throws {
        let bytes = try Self.original(path)
        let upload = try Shard(parsing: bytes).uploadByteCount
        for count in 0..<bytes.count {
            if count == upload {
                // What is left is a whole upload body.
                #expect(try Shard(parsing: Array(bytes.prefix(count))).footer == nil)
            } else {
                #expect(throws: ShardError.self) { try Shard(parsing: Array(bytes.prefix(count))) }
            }
        }
        #expect(throws: ShardError.self) { try Shard(parsing: bytes + [0]) }
        #expect(throws: ShardError.self) { try Shard(parsing: bytes + [UInt8](repeating: 0, count: 200)) }
    }

    /// A change is refused, or what was parsed can be written and parsed again.
    @Test(arguments: paths + ["with tables"])
    func `every change of one byte`(path: String) throws {
        let bytes = try Self.original(path)
        for offset in bytes.indices {
            for value in [0, 1, 0x40, 0x80, 0xFF, bytes[offset] &+ 1, bytes[offset] &- 1, ~bytes[offset]] {
                var changed = bytes
                changed[offset] = value
                guard let shard = try? Shard(parsing: changed) else { continue }
                #expect(try Shard(parsing: shard.serialized()) == shard, "byte \(offset) = \(value)")
            }
        }
    }

    @Test(arguments: paths + ["with tables"])
    func `damaged shards`(path: String) throws {
        let bytes = try Self.original(path)
        var mutator = Mutator(seed: 9)
        var parsed = 0
        for _ in 0..<3000 {
            guard let shard = try? Shard(parsing: mutator.mutated(bytes)) else { continue }
            parsed += 1
            #expect(try Shard(parsing: shard.serialized()) == shard)
        }
        #expect(parsed > 0)
    }

    @Test func `header`() throws {
        let bytes = try Self.original("upload/mix.shard")
        for offset in 0..<32 {
            var changed = bytes
            changed[offset] ^= 1
            #expect(throws: ShardError.invalidTag) { try Shard(parsing: changed) }
        }
        var changed = bytes
        changed[32] = 3
        #expect(throws: ShardError.unknownVersion(3)) { try Shard(parsing: changed) }
        #expect(throws: ShardError.truncated(.header, offset: 0, needed: 48, available: 0)) { try Shard(parsing: []) }
    }

    @Test func `counts are held against the bytes`() throws {
        let bytes = try Self.original("upload/mix.shard")
        let records = (bytes.count - 96)
        for count in [UInt32.max, 0x7FFF_FFFF, 1000] {
            let changed = Self.replacing(bytes, at: 48 + 36, with: count)
            let needed = Int(count) * 48
            #expect(throws: ShardError.truncated(.files, offset: 96, needed: needed, available: records)) {
                try Shard(parsing: changed)
            }
        }
        let xorbs = 96 + 11 * 48 + 48
        #expect(try Shard(parsing: bytes).xorbs.count == 1)
        let changed = Self.replacing(bytes, at: xorbs + 36, with: UInt32.max)
        let error = ShardError.truncated(
            .xorbs,
            offset: xorbs + 48,
            needed: Int(UInt32.max) * 48,
            available: bytes.count - xorbs - 48
        )
        #expect(throws: error) { try Shard(parsing: changed) }
    }

    @Test func `terms`() throws {
        let bytes = try Self.original("upload/mix.shard")
        let file = try Shard(parsing: bytes).files[0]
        let first = file.terms[0]
        let start = first.chunks.start
        // The first term's record is the second of the section.
        let empty = Self.replacing(bytes, at: 96 + 44, with: UInt32(start))
        #expect(throws: ShardError.emptyTerm(file: file.hash, index: 0, start: start, end: start)) {
            try Shard(parsing: empty)
        }
        let reversed = Self.replacing(bytes, at: 96 + 40, with: 1000)
        #expect(throws: ShardError.emptyTerm(file: file.hash, index: 0, start: 1000, end: first.chunks.end)) {
            try Shard(parsing: reversed)
        }
        let most = first.chunks.count * 131_072
        #expect(try Shard(parsing: Self.replacing(bytes, at: 96 + 36, with: UInt32(most))).files.count == 1)
        let long = ShardError.implausibleTermLength(
            file: file.hash,
            index: 0,
            chunkCount: first.chunks.count,
            byteCount: most + 1
        )
        #expect(throws: long) { try Shard(parsing: Self.replacing(bytes, at: 96 + 36, with: UInt32(most + 1))) }
    }

    @Test func `flags`() throws {
        let bytes = try Self.original("upload/mix.shard")
        let hash = try Shard(parsing: bytes).files[0].hash
        for bit in 0..<30 as Range<UInt32> {
            let flags: UInt32 = 0xC000_0000 | 1 << bit
            #expect(throws: ShardError.unknownFileFlags(flags, file: hash)) {
                try Shard(parsing: Self.replacing(bytes, at: 48 + 32, with: flags))
            }
        }
    }

    @Test func `bookends`() throws {
        let bytes = try Shard(files: [], xorbs: []).uploadBytes()
        for offset in 32..<48 {
            var changed = bytes
            changed[48 + offset] = 1
            #expect(throws: ShardError.invalidBookend(.files, offset: 48)) { try Shard(parsing: changed) }
            changed = bytes
            changed[96 + offset] = 1
            #expect(throws: ShardError.invalidBookend(.xorbs, offset: 96)) { try Shard(parsing: changed) }
        }
    }

    @Test func `chunk lists`() throws {
        let xorb: XorbHash = ShardContents.hash(1)
        let shard = Shard(files: [], xorbs: [try ShardContents.xorb(xorb, [.zero, .zero])])
        let bytes = try shard.uploadBytes()
        let block = 96
        #expect(throws: ShardError.xorbLengthMismatch(xorb: xorb, expected: 20, found: 21)) {
            try Shard(parsing: Self.replacing(bytes, at: block + 40, with: 21))
        }
        #expect(throws: ShardError.chunkOffsetMismatch(xorb: xorb, index: 1, expected: 10, found: 9)) {
            try Shard(parsing: Self.replacing(bytes, at: block + 96 + 32, with: 9))
        }
        #expect(throws: ShardError.chunkTooLarge(xorb: xorb, index: 1, byteCount: 131_073, maximum: 131_072)) {
            try Shard(parsing: Self.replacing(bytes, at: block + 96 + 36, with: 131_073))
        }
        #expect(throws: ShardError.noChunks(xorb: xorb)) {
            try Shard(parsing: Self.replacing(bytes, at: block + 36, with: 0))
        }
        let marked = try Shard(parsing: Self.replacing(bytes, at: block + 96 + 40, with: 0x8000_0000))
        #expect(marked.xorbs[0].chunks.map(\.isDedupEligible) == [false, true])
    }

    @Test func `footer`() throws {
        let bytes = try Self.original("synthetic/dedup-keyed.shard")
        let start = bytes.count - 200
        #expect(throws: ShardError.unknownFooterVersion(2)) {
            try Shard(parsing: Self.replacing(bytes, at: start, with: 2))
        }
        for (offset, field, expected) in [
            (8, "file section offset", 48), (16, "xorb section offset", 96), (192, "footer offset", start),
        ] {
            let error = ShardError.footerDisagrees(field: field, expected: UInt64(expected), found: 1)
            #expect(throws: error) { try Shard(parsing: Self.replacing(bytes, at: start + offset, with: 1)) }
        }
        var short = Array(bytes.prefix(start + 199))
        #expect(throws: ShardError.truncated(.footer, offset: start, needed: 200, available: 199)) {
            try Shard(parsing: short)
        }
        // Bytes that no table claims.
        short = Array(bytes.prefix(start)) + [1, 2, 3, 4] + bytes.suffix(200)
        short = Self.replacing(short, at: start + 4 + 192, with: UInt32(start + 4))
        let unclaimed = ShardError.footerDisagrees(
            field: "end of lookup tables",
            expected: UInt64(start + 4),
            found: UInt64(start)
        )
        #expect(throws: unclaimed) { try Shard(parsing: short) }
        // An absurd count of entries.
        for offset in [32, 48, 64] {
            var absurd = bytes
            absurd.replaceSubrange(start + offset..<start + offset + 8, with: repeatElement(0xFF, count: 8))
            #expect(throws: ShardError.self) { try Shard(parsing: absurd) }
        }
    }

    static func original(_ path: String) throws -> [UInt8] {
        guard path == "with tables" else { return try Vectors.golden(path) }
        let shard = try Shard(parsing: Vectors.golden("upload/empty+hello+tiny.shard"))
        return try shard.storedBytes(ShardFooter(key: nil, creationTime: 1, lookupTables: .all))
    }

    private static func replacing(_ bytes: [UInt8], at offset: Int, with value: UInt32) -> [UInt8] {
        var changed = bytes
        for index in 0..<4 {
            changed[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
        }
        return changed
    }
}
