@_spi(Kernels) import BLAKE3
import Testing

@Suite struct BLAKE3HasherTests {
    @Test func agreesWithTheVectors() throws {
        let vectors = try BLAKE3Vectors.load()
        let key = try #require(BLAKE3Key(bytesInHex: vectors.key))
        #expect(vectors.cases.count > 200)
        for vector in vectors.cases {
            let input = BLAKE3Vectors.input(vector.length)
            let plain = BLAKE3Hasher.hash(input.rawSpan)
            let keyed = BLAKE3Hasher.hash(input.rawSpan, key: key)
            #expect(plain == BLAKE3Digest(bytesInHex: vector.hash), "length \(vector.length)")
            #expect(keyed == BLAKE3Digest(bytesInHex: vector.keyed), "length \(vector.length)")
        }
    }

    /// Values of the XET format, made by the reference client.
    @Test(arguments: [
        (
            key: "6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229", text: "Hello World!",
            hash: "d8d408e608fb9ca213b9909a65d86d725f2de4d8d540324be8a363e7a6e228cb"
        ),
        (
            key: "6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229", text: "",
            hash: "e0f2cf784e7e5f10c34f84af150e9a5ff9664216debad915364d741049870f67"
        ),
        (
            key: "017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f",
            text: """
            c28f58387a60d4aa200c311cda7c7f77f686614864f5869eadebf765d0a14a69 : 100
            6e4e3263e073ce2c0e78cc770c361e2778db3b054b98ab65e277fc084fa70f22 : 200

            """,
            hash: "be64c7003ccd3cf4357364750e04c9592b3c36705dee76a71590c011766b6c14"
        ),
    ])
    func agreesWithTheReferenceClientOnText(key: String, text: String, hash: String) throws {
        let key = try #require(BLAKE3Key(bytesInHex: key))
        let input = Array(text.utf8)
        #expect(BLAKE3Hasher.hash(input.rawSpan, key: key) == BLAKE3Digest(hashText: hash))
    }

    /// The same for inputs that are hashes themselves.
    @Test(arguments: [
        (
            key: "7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3",
            hashes: [
                "c28f58387a60d4aa200c311cda7c7f77f686614864f5869eadebf765d0a14a69",
                "6e4e3263e073ce2c0e78cc770c361e2778db3b054b98ab65e277fc084fa70f22",
            ],
            hash: "eb06a8ad81d588ac05d1d9a079232d9c1e7d0b07232fa58091caa7bf333a2768"
        ),
        (
            key: "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
            hashes: ["6eca1e7dadaf08cca5d82d318c800f07c2ddcec115a7e8627e5edd9605b94b8d"],
            hash: "e25d7bb867245ca015c7517182f3b0db34fa74d33f3dc6f858f34083216e1b70"
        ),
        (
            key: "0000000000000000000000000000000000000000000000000000000000000000",
            hashes: ["d8d408e608fb9ca213b9909a65d86d725f2de4d8d540324be8a363e7a6e228cb"],
            hash: "a9dae0ad88b060bdd7e7c87abdcf95b132c95a0414b06d4f6beb68d287b87165"
        ),
    ])
    func agreesWithTheReferenceClientOnHashes(key: String, hashes: [String], hash: String) throws {
        let key = try #require(BLAKE3Key(bytesInHex: key))
        let input = try hashes.flatMap { text in
            try #require(BLAKE3Digest(hashText: text)).words.flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
            }
        }
        #expect(BLAKE3Hasher.hash(input.rawSpan, key: key) == BLAKE3Digest(hashText: hash))
    }

    @Test func differentKeysGiveDifferentDigests() {
        let input = BLAKE3Vectors.input(100)
        let digests: Set<BLAKE3Digest> = [
            BLAKE3Hasher.hash(input.rawSpan),
            BLAKE3Hasher.hash(input.rawSpan, key: BLAKE3Key(words: (0, 0, 0, 0))),
            BLAKE3Hasher.hash(input.rawSpan, key: BLAKE3Key(words: (1, 0, 0, 0))),
            BLAKE3Hasher.hash(input.rawSpan, key: BLAKE3Key(words: (0, 0, 0, 1 << 63))),
        ]
        #expect(digests.count == 4)
    }
}
