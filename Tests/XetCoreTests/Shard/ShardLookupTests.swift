import Testing
import XetCore
import XetTestSupport

/// The lookup tables of stored shards.
@Suite struct ShardLookupTests {
    @Test func `layout`() throws {
        let shard = try Self.example()
        let bytes = try shard.storedBytes(ShardFooter(creationTime: 7, lookupTables: .all))
        let tables = shard.uploadByteCount
        // Two files, two xorbs, three chunks.
        #expect(bytes.count == tables + 2 * 12 + 2 * 12 + 3 * 16 + 200)
        let footer = bytes.count - 200
        #expect(
            Self.words(bytes, footer + 24, 6) == [
                UInt64(tables), 2, UInt64(tables + 24), 2, UInt64(tables + 48), 3,
            ]
        )
        #expect(Self.words(bytes, footer + 192, 1) == [UInt64(footer)])
        // File 0x10 is the first block; file 0x20 comes after its header and term.
        #expect(Self.entries(bytes, tables, 2) == [[0x10, 0], [0x20, 2]])
        // Xorb 0x30 has two chunks, so the next block is three records on.
        #expect(Self.entries(bytes, tables + 24, 2) == [[0x30, 0], [0x40, 3]])
        // Chunks are sorted by hash, not by place.
        #expect(Self.entries(bytes, tables + 48, 3, indices: 2) == [[0x1, 3, 0], [0x2, 0, 1], [0x3, 0, 0]])
        let parsed = try Shard(parsing: bytes)
        #expect(parsed.footer?.lookupTables == .all)
        #expect(parsed.files == shard.files)
        #expect(parsed.xorbs == shard.xorbs)
    }

    @Test(arguments: 0..<8)
    func `any choice of tables`(choice: Int) throws {
        let shard = try Self.example()
        let footer = ShardFooter(
            key: ShardContents.hash(1, 2, 3, 4),
            creationTime: 7,
            keyExpiry: 9,
            lookupTables: ShardLookupTables(rawValue: UInt8(choice))
        )
        let bytes = try shard.storedBytes(footer)
        let parsed = try Shard(parsing: bytes)
        #expect(parsed.footer == footer)
        #expect(try parsed.serialized() == bytes)
    }

    @Test func `entries that name nothing`() throws {
        let shard = try Self.example()
        let bytes = try shard.storedBytes(ShardFooter(creationTime: 7, lookupTables: .all))
        let tables = shard.uploadByteCount
        let damages: [(offset: Int, value: UInt8, error: ShardError)] = [
            (8, 1, .invalidLookupEntry(.fileLookup, index: 0)),
            (8, 2, .invalidLookupEntry(.fileLookup, index: 0)),
            (0, 0x11, .invalidLookupEntry(.fileLookup, index: 0)),
            (12, 0x0F, .invalidLookupEntry(.fileLookup, index: 1)),
            (12 + 8, 200, .invalidLookupEntry(.fileLookup, index: 1)),
            (24 + 8, 3, .invalidLookupEntry(.xorbLookup, index: 0)),
            (24 + 12 + 8, 4, .invalidLookupEntry(.xorbLookup, index: 1)),
            (48 + 8, 0, .invalidLookupEntry(.chunkLookup, index: 0)),
            (48 + 12, 1, .invalidLookupEntry(.chunkLookup, index: 0)),
            (48 + 16 + 12, 2, .invalidLookupEntry(.chunkLookup, index: 1)),
            (48 + 32, 1, .invalidLookupEntry(.chunkLookup, index: 2)),
        ]
        for damage in damages {
            var changed = bytes
            changed[tables + damage.offset] = damage.value
            #expect(throws: damage.error, "\(damage.offset)") { try Shard(parsing: changed) }
        }
    }

    /// The tables of files in another order than ours name the places of that order.
    @Test func `unsorted sections`() throws {
        let shard = try Self.example()
        let bytes = try shard.storedBytes(ShardFooter(creationTime: 7, lookupTables: [.files]))
        // Block of file 0x10: two records; of file 0x20: one.
        var swapped = bytes
        swapped.replaceSubrange(48..<192, with: bytes[144..<192] + bytes[48..<144])
        #expect(throws: ShardError.invalidLookupEntry(.fileLookup, index: 0)) { try Shard(parsing: swapped) }
        swapped[shard.uploadByteCount + 8] = 1
        swapped[shard.uploadByteCount + 12 + 8] = 0
        #expect(try Shard(parsing: swapped).serialized() == bytes)
    }

    private static func example() throws -> Shard {
        let term = try Term(
            xorb: ShardContents.hash(0x30),
            chunks: try #require(ChunkRange(start: 0, end: 2)),
            unpackedByteCount: 20
        )
        return Shard(
            files: [
                try ShardFile(hash: ShardContents.hash(0x20), terms: [], verification: nil, sha256: nil),
                try ShardFile(hash: ShardContents.hash(0x10), terms: [term], verification: nil, sha256: nil),
            ],
            xorbs: [
                try ShardContents.xorb(ShardContents.hash(0x40), [ShardContents.hash(0x1)]),
                try ShardContents.xorb(
                    ShardContents.hash(0x30),
                    [ShardContents.hash(0x3), ShardContents.hash(0x2)]
                ),
            ]
        )
    }

    private static func words(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> [UInt64] {
        (0..<count).map { integer(bytes, offset + 8 * $0, 8) }
    }

    private static func entries(_ bytes: [UInt8], _ offset: Int, _ count: Int, indices: Int = 1) -> [[UInt64]] {
        (0..<count).map { entry in
            let start = offset + entry * (8 + 4 * indices)
            return [integer(bytes, start, 8)] + (0..<indices).map { integer(bytes, start + 8 + 4 * $0, 4) }
        }
    }

    private static func integer(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
