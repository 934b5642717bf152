import Testing
import XetCore
import XetTestSupport

@Suite struct ContentHashTests {
    @Test(arguments: [
        (
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
        ),
        (
            "16af3a84044b83d6be998a42e20399f2cc5650eaf99950639f50418aece7954e",
            "d6834b04843aaf16f29903e2428a99be635099f9ea5056cc4e95e7ec8a41509f"
        ),
    ])
    func `text is four little-endian words`(raw: String, text: String) throws {
        let bytes = try #require([UInt8](hex: raw))
        let hash = try #require(ChunkHash(array: bytes))
        #expect(hash.text == text)
        #expect(hash.description == text)
        #expect(hash.bytes == bytes)
        #expect(ChunkHash(text) == hash)
        #expect(ChunkHash(text.uppercased()) == hash)
    }

    @Test func `text must be 64 hex digits`() {
        let valid = String(repeating: "0f", count: 32)
        #expect(FileHash(valid) != nil)
        for invalid in [
            "", "0", String(valid.dropLast()), valid + "0", "g" + valid.dropFirst(), " " + valid.dropFirst(),
            "é" + valid.dropFirst(2), "０" + valid.dropFirst(), "0x" + valid.dropFirst(2),
        ] {
            #expect(FileHash(invalid) == nil, "\(invalid)")
        }
    }

    @Test(arguments: [0, 1, 31, 33, 64])
    func `bytes must be 32`(count: Int) {
        #expect(XorbHash(array: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test func `order is that of the texts`() {
        var random = SplitMix64(seed: 1)
        let hashes = (0..<200).compactMap { index -> ChunkHash? in
            // Equal first words, so that later ones decide.
            var bytes = random.bytes(32)
            for offset in 0..<(8 * (index % 4)) {
                bytes[offset] = 7
            }
            return ChunkHash(array: bytes)
        }
        #expect(hashes.count == 200)
        #expect(hashes.sorted().map(\.text) == hashes.map(\.text).sorted())
    }

    @Test func `modulo takes the last word and truncation the first`() throws {
        let hash = try #require(
            ChunkHash("00000000000004010000000000000000000000000000000000000000000008" + "03")
        )
        #expect(hash.modulo(1024) == 3)
        #expect(hash.modulo(4) == 3)
        #expect(hash.truncated == 0x401)
    }

    @Test func `special values`() {
        #expect(FileHash.zero.text == String(repeating: "0", count: 64))
        #expect(NodeHash.endMarker.bytes == [UInt8](repeating: 0xFF, count: 32))
        #expect(XorbHash(NodeHash.endMarker) == .endMarker)
    }
}
