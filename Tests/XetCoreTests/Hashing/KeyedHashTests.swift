import Testing
import XetCore
import XetTestSupport

@Suite struct KeyedHashTests {
    private static let p = "c28f58387a60d4aa200c311cda7c7f77f686614864f5869eadebf765d0a14a69"
    private static let q = "6e4e3263e073ce2c0e78cc770c361e2778db3b054b98ab65e277fc084fa70f22"

    @Test func `chunk hash`() {
        let hash = ChunkHash(ofChunk: Array("Hello World!".utf8).rawSpan)
        #expect(hash.text == "d8d408e608fb9ca213b9909a65d86d725f2de4d8d540324be8a363e7a6e228cb")
        #expect(hash.bytes.hex == "a29cfb08e608d4d8726dd8659a90b9134b3240d5d8e42d5fcb28e2a6e763a3e8")
        let none = ChunkHash(ofChunk: [UInt8]().rawSpan)
        #expect(none.text == "e0f2cf784e7e5f10c34f84af150e9a5ff9664216debad915364d741049870f67")
    }

    @Test func `file hash of one chunk`() {
        var tree = MerkleTree()
        tree.append(ChunkHash(ofChunk: Array("Hello World!".utf8).rawSpan), byteCount: 12)
        #expect(tree.fileHash.text == "a9dae0ad88b060bdd7e7c87abdcf95b132c95a0414b06d4f6beb68d287b87165")
    }

    @Test func `internal node`() throws {
        var tree = MerkleTree()
        tree.append(try #require(NodeHash(Self.p)), byteCount: 100)
        tree.append(try #require(NodeHash(Self.q)), byteCount: 200)
        #expect(tree.root.text == "be64c7003ccd3cf4357364750e04c9592b3c36705dee76a71590c011766b6c14")
        #expect(tree.byteCount == 300)
        #expect(tree.leafCount == 2)
    }

    @Test func `verification hash`() throws {
        let chunks = [try #require(ChunkHash(Self.p)), try #require(ChunkHash(Self.q))]
        let hash = try #require(VerificationHash(ofTerm: chunks))
        #expect(hash.text == "eb06a8ad81d588ac05d1d9a079232d9c1e7d0b07232fa58091caa7bf333a2768")
        #expect(VerificationHash(ofTerm: []) == nil)
    }

    @Test func `keyed chunk hash`() throws {
        let key = try #require(ChunkHashKey(array: Array(1...32)))
        let chunk = try #require(ChunkHash("6eca1e7dadaf08cca5d82d318c800f07c2ddcec115a7e8627e5edd9605b94b8d"))
        #expect(chunk.keyed(key.key).text == "e25d7bb867245ca015c7517182f3b0db34fa74d33f3dc6f858f34083216e1b70")
    }
}
