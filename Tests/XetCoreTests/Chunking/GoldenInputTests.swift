import Testing
import XetCore
import XetTestSupport

/// The inputs of the golden files, from their bytes to their file hash.
@Suite struct GoldenInputTests {
    @Test func `all inputs`() throws {
        let golden = try Golden.load()
        #expect(golden.files.count == 9)
        let xorbs = Dictionary(uniqueKeysWithValues: golden.xorbs.map { ($0.hash, $0) })
        for file in golden.files {
            let input = try #require(Inputs.golden(file.name))
            #expect(input.count == file.size, "\(file.name)")
            #expect(SHA256Reference.hex(input) == file.sha256, "\(file.name)")
            #expect(Chunker.cuts(of: input) == file.chunkEnds, "\(file.name)")

            var tree = MerkleTree()
            var hashes: [ChunkHash] = []
            var start = 0
            for end in file.chunkEnds {
                hashes.append(ChunkHash(ofChunk: Array(input[start..<end])))
                tree.append(hashes[hashes.count - 1], byteCount: end - start)
                start = end
            }
            #expect(hashes.map(\.text) == file.chunkHashes, "\(file.name)")
            #expect(tree.root.text == file.merkleRoot, "\(file.name)")
            #expect(tree.fileHash.text == file.fileHash, "\(file.name)")

            // A term's proof is made of the chunks of its xorb, which are those of the file at the term's place.
            #expect(file.terms.count == file.verification.count)
            var done = 0
            for (term, verification) in zip(file.terms, file.verification) {
                let xorb = try #require(xorbs[term.xorb])
                let chunks = try xorb.chunks[term.start..<term.end].map { try #require(ChunkHash($0.hash)) }
                #expect(VerificationHash(ofTerm: chunks)?.text == verification, "\(file.name)")
                #expect(chunks == Array(hashes[done..<done + chunks.count]), "\(file.name)")
                #expect(xorb.chunks[term.start..<term.end].reduce(0) { $0 + $1.length } == term.unpackedLength)
                done += chunks.count
            }
            #expect(done == hashes.count)
        }
    }

    @Test(arguments: ["empty.bin", "hello.txt", "tiny.bin"])
    func `stored inputs are the generated ones`(name: String) throws {
        #expect(try Vectors.golden("inputs/\(name)") == Inputs.golden(name))
    }
}
