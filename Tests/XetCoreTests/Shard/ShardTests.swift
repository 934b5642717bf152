import Testing
import XetCore
import XetTestSupport

@Suite struct ShardTests {
    @Test func `stored golden shards`() throws {
        let shards = try Golden.load().shards
        #expect(shards.count == 7)
        for golden in shards {
            let bytes = try Vectors.golden(golden.file)
            let shard = try Shard(parsing: bytes)
            let expected = try ShardContents.shard(golden.content)
            #expect(shard == expected, "\(golden.file)")
            #expect(try shard.serialized() == bytes, "\(golden.file)")
            #expect(try expected.serialized() == bytes, "\(golden.file)")
            #expect(try shard.storedBytes(try #require(shard.footer)) == bytes)
            #expect(ShardHash(ofShard: bytes.rawSpan).text == golden.shardHash)
        }
    }

    @Test func `upload bodies`() throws {
        let uploads = try Golden.load().uploads
        #expect(uploads.count == 7)
        for golden in uploads {
            let bytes = try Vectors.golden(golden.file)
            #expect(SHA256Reference.hex(bytes) == golden.sha256)
            let shard = try Shard(parsing: bytes)
            #expect(shard == (try ShardContents.shard(golden.content)), "\(golden.file)")
            #expect(shard.footer == nil)
            #expect(try shard.uploadBytes() == bytes, "\(golden.file)")
            #expect(try shard.serialized() == bytes)
            #expect(shard.uploadByteCount == bytes.count)
        }
    }

    /// From the inputs' bytes and the grouping into terms to the body that the reference client sends.
    @Test func `upload bodies from the inputs`() throws {
        let golden = try Golden.load()
        let indices = try golden.xorbs.map { xorb in
            try SerializedXorb(verifying: Vectors.golden(xorb.file)).index
        }
        for upload in golden.uploads {
            var files: [ShardFile] = []
            for name in upload.inputs {
                let input = try #require(Inputs.golden(name))
                let file = try #require(golden.files.first { $0.name == name })
                var tree = MerkleTree()
                var start = 0
                for end in Chunker.cuts(of: input) {
                    tree.append(ChunkHash(ofChunk: Array(input[start..<end])), byteCount: end - start)
                    start = end
                }
                let terms = try file.terms.map { try ShardContents.term($0) }
                let verification = try terms.map { term in
                    let index = try #require(indices.first { $0.hash == term.xorb })
                    return try #require(index.verificationHash(of: term.chunks))
                }
                let digest = input.isEmpty ? SHA256Digest.zero : SHA256Digest(SHA256Reference.hex(input))
                files.append(
                    try ShardFile(hash: tree.fileHash, terms: terms, verification: verification, sha256: digest)
                )
                #expect(files.last?.byteCount == UInt64(input.count))
                #expect(digest?.text == file.shardSha256String)
            }
            // Any order comes out sorted.
            let new = upload.content.xorbs.map(\.xorb)
            let xorbs = try indices.filter { new.contains($0.hash.text) }.map { try ShardXorb($0) }
            let shard = Shard(files: files.reversed(), xorbs: xorbs.reversed())
            #expect(try shard.uploadBytes() == Vectors.golden(upload.file), "\(upload.file)")
        }
    }

    @Test(arguments: ["synthetic/dedup-keyed.shard", "synthetic/dedup-plain.shard"])
    func `dedup answers`(path: String) throws {
        let golden = try Golden.load()
        let answer = try #require(golden.synthetic.first { $0.file == path })
        let content = try #require(answer.shard)
        let bytes = try Vectors.golden(path)
        let shard = try Shard(parsing: bytes)
        #expect(shard == (try ShardContents.shard(content)))
        #expect(try shard.serialized() == bytes)
        #expect(shard.xorbs[0].chunks[0].hash.text == answer.firstKeyedHash)

        let stored = try Vectors.golden("xorbs/\(content.xorbs[0].xorb).xorb")
        let index = try SerializedXorb(verifying: stored).index
        let footer = try #require(shard.footer)
        let made = Shard.dedupAnswer(
            [try ShardXorb(index, serializedByteCount: index.serializedByteCount)],
            key: try ChunkHashKey(array: #require([UInt8](hex: answer.key ?? ""))),
            creationTime: footer.creationTime,
            keyExpiry: footer.keyExpiry
        )
        #expect(made == shard)
        #expect(try made.serialized() == bytes)
    }

    @Test func `sections can be empty`() throws {
        let empty = Shard(files: [], xorbs: [])
        let bytes = try empty.uploadBytes()
        #expect(bytes.count == 3 * 48)
        #expect(try Shard(parsing: bytes) == empty)
        let footer = ShardFooter(creationTime: 5, lookupTables: .all)
        let stored = try empty.storedBytes(footer)
        #expect(stored.count == 3 * 48 + 200)
        // Tables without entries are as good as absent.
        #expect(try Shard(parsing: stored).footer == ShardFooter(creationTime: 5))
    }

    /// Older clients state a footer that the body does not have.
    @Test func `the footer's presence follows from the length`() throws {
        var bytes = try Vectors.golden("upload/random.shard")
        let shard = try Shard(parsing: bytes)
        bytes[40] = 200
        #expect(try Shard(parsing: bytes) == shard)
        var stored = try shard.storedBytes(ShardFooter(creationTime: 1))
        stored[40] = 0
        #expect(try Shard(parsing: stored).footer == ShardFooter(creationTime: 1))
    }

    @Test func `optional records`() throws {
        let term = try Term(
            xorb: ShardContents.hash(1),
            chunks: try #require(ChunkRange(start: 2, end: 5)),
            unpackedByteCount: 30_000
        )
        let proof: VerificationHash = ShardContents.hash(9)
        for (index, verification) in [nil, [proof, proof]].enumerated() {
            for (jndex, sha256) in [nil, SHA256Digest(String(repeating: "ab", count: 32))].enumerated() {
                let file = try ShardFile(
                    hash: ShardContents.hash(3),
                    terms: [term, term],
                    verification: verification,
                    sha256: sha256
                )
                let shard = Shard(files: [file], xorbs: [])
                let bytes = try shard.uploadBytes()
                #expect(bytes.count == 48 * (3 + 3 + 2 * index + jndex))
                #expect(bytes[48 + 35] == UInt8(index << 7 | jndex << 6))
                #expect(try Shard(parsing: bytes) == shard)
            }
        }
    }

    @Test func `sorted, the first of equals wins`() throws {
        let term = try Term(
            xorb: ShardContents.hash(1),
            chunks: try #require(ChunkRange(start: 0, end: 1)),
            unpackedByteCount: 5
        )
        func file(_ word: UInt64, _ terms: Int) throws -> ShardFile {
            try ShardFile(
                hash: ShardContents.hash(word),
                terms: Array(repeating: term, count: terms),
                verification: nil,
                sha256: nil
            )
        }
        let xorbs = try [5, 1, 5].enumerated().map { index, word in
            try ShardContents.xorb(ShardContents.hash(UInt64(word)), [.zero], byteCount: index)
        }
        let shard = Shard(files: try [file(7, 1), file(3, 2), file(7, 3)], xorbs: xorbs)
        #expect(shard.files.map(\.terms.count) == [2, 1, 3])
        #expect(shard.file(ShardContents.hash(7))?.terms.count == 1)
        #expect(shard.file(ShardContents.hash(3))?.terms.count == 2)
        #expect(shard.file(ShardContents.hash(4)) == nil)
        #expect(shard.file(ShardContents.hash(8)) == nil)
        #expect(shard.xorb(ShardContents.hash(5))?.unpackedByteCount == 0)
        #expect(shard.xorb(ShardContents.hash(1))?.unpackedByteCount == 1)
        #expect(shard.xorb(ShardContents.hash(0)) == nil)
        #expect(try Shard(parsing: shard.uploadBytes()) == shard)
    }

    @Test func `values that a shard cannot hold`() throws {
        let xorb: XorbHash = ShardContents.hash(1)
        #expect(throws: ShardError.noChunks(xorb: xorb)) { try ShardContents.xorb(xorb, []) }
        #expect(throws: ShardError.reservedHash(.xorbs)) { try ShardContents.xorb(.endMarker, [.zero]) }
        #expect(throws: ShardError.chunkTooLarge(xorb: xorb, index: 0, byteCount: 131_073, maximum: 131_072)) {
            try ShardContents.xorb(xorb, [.zero], byteCount: 131_073)
        }
        let chunk = ShardChunk(hash: .zero, unpackedStart: 1, unpackedByteCount: 1, isDedupEligible: false)
        #expect(throws: ShardError.chunkOffsetMismatch(xorb: xorb, index: 0, expected: 0, found: 1)) {
            try ShardXorb(hash: xorb, chunks: [chunk], serializedByteCount: 0)
        }
        let large = ShardError.tooLargeForField(.xorbs, field: "unpacked bytes", value: 32_769 * 131_072)
        #expect(throws: large) {
            try ShardContents.xorb(xorb, Array(repeating: .zero, count: 32_769), byteCount: 131_072)
        }
        let first = ShardChunk(hash: .zero, unpackedStart: 0, unpackedByteCount: 1, isDedupEligible: false)
        for count in [-1, 1 << 32] {
            #expect(throws: ShardError.tooLargeForField(.xorbs, field: "serialized bytes", value: count)) {
                try ShardXorb(hash: xorb, chunks: [first], serializedByteCount: count)
            }
        }

        let far = try Term(
            xorb: xorb,
            chunks: try #require(ChunkRange(start: 0, end: 1 << 32)),
            unpackedByteCount: 5
        )
        #expect(throws: ShardError.tooLargeForField(.files, field: "chunk index end", value: 1 << 32)) {
            try ShardFile(hash: .zero, terms: [far], verification: nil, sha256: nil)
        }
        #expect(throws: ShardError.verificationCountMismatch(file: .zero, expected: 0, found: 1)) {
            try ShardFile(hash: .zero, terms: [], verification: [.zero], sha256: nil)
        }
        #expect(throws: ShardError.reservedHash(.files)) {
            try ShardFile(hash: .endMarker, terms: [], verification: nil, sha256: nil)
        }
    }

    @Test func `no shard is longer than 64 MiB`() throws {
        let maximum = 64 * 1024 * 1024
        #expect(throws: ShardError.tooLarge(byteCount: maximum + 1, maximum: maximum)) {
            try Shard(parsing: [UInt8](repeating: 0, count: maximum + 1))
        }
        let xorb = try ShardContents.xorb(ShardContents.hash(1), Array(repeating: .zero, count: 350_000), byteCount: 1)
        let shard = Shard(files: [], xorbs: [xorb, xorb, xorb, xorb])
        #expect(throws: ShardError.tooLarge(byteCount: (3 + 4 * 350_001) * 48, maximum: maximum)) {
            try shard.uploadBytes()
        }
        #expect(throws: ShardError.tooLarge(byteCount: (3 + 4 * 350_001) * 48 + 200, maximum: maximum)) {
            try shard.storedBytes(ShardFooter(creationTime: 0))
        }
    }

    @Test func `key validity`() {
        let footer = ShardFooter(creationTime: 0, keyExpiry: 100)
        #expect(footer.isKeyValid(at: 100))
        #expect(!footer.isKeyValid(at: 101))
        #expect(ShardFooter(creationTime: 0).isKeyValid(at: .max))
        #expect(ShardFooter(key: .zero, creationTime: 0).key == nil)
    }
}
