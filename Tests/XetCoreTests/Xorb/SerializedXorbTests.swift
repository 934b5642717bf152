import Testing
import XetCore
import XetTestSupport

@Suite struct SerializedXorbTests {
    @Test func `golden xorbs, with and without footer`() throws {
        for xorb in try Golden.load().xorbs {
            let stored = try Vectors.golden(xorb.file)
            #expect(SHA256Reference.hex(stored) == xorb.sha256)
            let body = Array(stored.prefix(xorb.footerStart))
            #expect(SHA256Reference.hex(body) == xorb.uploadBodySha256)
            let expected = try #require(XorbHash(xorb.hash))
            for bytes in [stored, body] {
                let verified = try SerializedXorb(verifying: bytes, expected: expected)
                #expect(verified.chunks == body)
                #expect(verified.index == XorbIndex(try XorbFooter(ofStored: stored)))
                #expect(verified.stored.count == stored.count)
            }
        }
    }

    @Test func `old footers`() throws {
        let name = "99d47e0fa8a7e18c3be418155e245bd7267148426b4bd3e8bae5ceef33730dc2"
        let current = try SerializedXorb(verifying: Vectors.golden("xorbs/\(name).xorb"))
        for suffix in ["v0", "nonce"] {
            let other = try SerializedXorb(verifying: Vectors.golden("synthetic/\(name).\(suffix).xorb"))
            #expect(other.chunks == current.chunks)
            #expect(other.index == current.index)
        }
    }

    @Test func `another name`() throws {
        let stored = try Self.small()
        let found = try SerializedXorb(verifying: stored).index.hash
        #expect(throws: XorbError.hashMismatch(expected: .zero, found: found)) {
            try SerializedXorb(verifying: stored, expected: .zero)
        }
    }

    @Test func `nothing in it`() throws {
        #expect(throws: XorbError.noChunks) { try SerializedXorb(verifying: []) }
        let footer = Array(try Self.small().dropFirst(8219))
        #expect(throws: XorbError.noChunks) { try SerializedXorb(verifying: footer) }
    }

    /// No change of the chunks keeps the name: content, lengths and order are all in the root.
    @Test func `no damage goes unseen`() throws {
        let body = Array(
            try Vectors.golden("xorbs/6691b232ec2f0dfea3cb4aec891b64de3bd7c5cefb1bc13f5d493f9ee595f21c.xorb").prefix(
                599
            )
        )
        let original = try unpackedChunks(of: [body]).map(\.bytes)
        let name = try SerializedXorb(verifying: body).index.hash
        var mutator = Mutator(seed: 6)
        var accepted = 0
        for _ in 0..<1500 {
            let damaged = mutator.mutated(body)
            guard let verified = try? SerializedXorb(verifying: damaged, expected: name) else { continue }
            // Other bytes can unpack to the same chunks.
            #expect(try unpackedChunks(of: [verified.chunks]).map(\.bytes) == original)
            accepted += 1
        }
        #expect(accepted < 150)
    }

    private static func small() throws -> [UInt8] {
        try Vectors.golden("xorbs/99d47e0fa8a7e18c3be418155e245bd7267148426b4bd3e8bae5ceef33730dc2.xorb")
    }
}
