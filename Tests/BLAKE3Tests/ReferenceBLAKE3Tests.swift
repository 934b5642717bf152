import BLAKE3
import Testing

/// The reference is worth comparing with only if it agrees with another implementation.
@Suite struct ReferenceBLAKE3Tests {
    @Test func agreesWithTheVectors() throws {
        let vectors = try BLAKE3Vectors.load()
        let key = try #require(parsedWords(bytesInHex: vectors.key))
        let plain = ReferenceBLAKE3()
        let keyed = ReferenceBLAKE3(key: ReferenceBLAKE3.halves([key.0, key.1, key.2, key.3]))
        let cases = vectors.cases.filter { $0.length <= 10 * 1024 }
        #expect(cases.count > 50)
        for vector in cases {
            let input = BLAKE3Vectors.input(vector.length)
            let hash = try #require(BLAKE3Digest(bytesInHex: vector.hash))
            let keyedHash = try #require(BLAKE3Digest(bytesInHex: vector.keyed))
            #expect(plain.hash(input[...]) == ReferenceBLAKE3.halves(hash.words), "length \(vector.length)")
            #expect(keyed.hash(input[...]) == ReferenceBLAKE3.halves(keyedHash.words), "length \(vector.length)")
        }
    }
}
