import Testing
import XetCore
import XetTestSupport

@Suite struct SHA256DigestTests {
    private static let hello = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069"

    @Test func `text is plain hex`() throws {
        let digest = try #require(SHA256Digest(Self.hello))
        #expect(digest.text == Self.hello)
        #expect(digest.description == Self.hello)
        #expect(digest.bytes.hex == Self.hello)
        let bytes = try #require([UInt8](hex: Self.hello))
        #expect(SHA256Digest(array: bytes) == digest)
        #expect(SHA256Digest(Self.hello.uppercased()) == digest)
    }

    @Test func `a shard holds it as a content hash`() throws {
        let digest = try #require(SHA256Digest(Self.hello))
        let file = try ShardFile(hash: .zero, terms: [], verification: nil, sha256: digest)
        let bytes = try Shard(files: [file], xorbs: []).uploadBytes()
        let field = Array(bytes[96..<128])
        #expect(field.hex == "53fcf17f65b1837f5dd6a14881c12db92877d6a31f4b2dfc69906d1200d2dd4a")
        #expect(NodeHash(array: field)?.text == Self.hello)
    }

    @Test func `what is no digest`() {
        #expect(SHA256Digest(String(Self.hello.dropLast())) == nil)
        #expect(SHA256Digest("x" + Self.hello.dropFirst()) == nil)
        #expect(SHA256Digest(array: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(SHA256Digest.zero.text == String(repeating: "0", count: 64))
    }
}
