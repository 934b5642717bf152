import Testing
import XetTestSupport

@testable import XetCore

@Suite struct ChunkerTests {
    @Test func `generator of the vectors`() {
        var zero = SplitMix64(seed: 0)
        #expect(
            (0..<4).map { _ in zero.next() } == [
                0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f, 0xf88b_b8a8_724c_81ec,
            ]
        )
        var one = SplitMix64(seed: 1)
        #expect(
            (0..<4).map { _ in one.next() } == [
                0x910a_2dec_8902_5cc1, 0xbeeb_8da1_658e_ec67, 0xf893_a2ee_fb32_555e, 0x71c1_8690_ee42_c90b,
            ]
        )
        let bytes = Inputs.splitmix(111_112, seed: 0)
        #expect([bytes[0], bytes[127], bytes[111_111]] == [175, 132, 118])
    }

    static let ends: [(name: String, input: [UInt8], ends: [Int], file: String?)] = [
        (
            "splitmix 0", Inputs.splitmix(1_000_000, seed: 0),
            [
                84493, 134421, 144853, 243318, 271793, 336457, 467529, 494581, 582000, 596735, 616815, 653164, 678202,
                724510, 815591, 827760, 958832, 991092, 1_000_000,
            ], "3d17b2d7d64a0e011b6717a52d9a16bd2c3f05b743fa8adf52a7d75dafab6d89"
        ),
        ("splitmix 1", Inputs.splitmix(256_000, seed: 1), [25125, 104497, 235569, 256_000], nil),
        (
            "fifty-nines", [UInt8](repeating: 59, count: 1_000_000),
            [131072, 262144, 393216, 524288, 655360, 786432, 917504, 1_000_000],
            "53f845640fcd1c7440befff65bd93434c83a30c6559a705597d61f2ef64e2f88"
        ),
        ("zeros", [UInt8](repeating: 0, count: 300_000), [131072, 262144, 300_000], nil),
        ("below the least size", Inputs.splitmix(8191, seed: 7), [8191], nil),
        ("the least size", Inputs.splitmix(8192, seed: 7), [8192], nil),
        ("above the least size", Inputs.splitmix(8193, seed: 7), [8193], nil),
        ("the largest size", [UInt8](repeating: 0, count: 131_072), [131_072], nil),
        ("above the largest size", [UInt8](repeating: 0, count: 131_073), [131_072, 131_073], nil),
        ("one byte", [1], [1], nil),
        ("nothing", [], [], String(repeating: "0", count: 64)),
    ]

    @Test(arguments: ends.indices)
    func `chunk ends`(vector: Int) {
        let (name, input, ends, file) = Self.ends[vector]
        #expect(Chunker.cuts(of: input) == ends, "\(name)")
        if let file {
            #expect(Self.fileHash(input, ends).text == file, "\(name)")
        }
    }

    @Test(arguments: [
        (0, [8256, 16448, 24640, 32832, 41024, 49216, 57408, 65536]),
        (1, [8320, 16576, 24832, 33088, 41344, 49600, 57856, 65536]),
        (10, [8206, 16486, 24766, 33046, 41326, 49606, 57886, 65536]),
        (11, [8265, 16466, 24667, 32868, 41069, 49270, 57471, 65536]),
        (63, [8277, 16490, 24703, 32916, 41129, 49342, 57555, 65536]),
        (64, [8320, 16576, 24832, 33088, 41344, 49600, 57856, 65536]),
        (65, [8363, 16662, 24961, 33260, 41559, 49858, 58157, 65536]),
        (100, [8272, 16480, 24688, 32896, 41104, 49312, 57520, 65536]),
        (127, [8224, 16639, 25054, 33469, 41884, 50299, 58714, 65536]),
    ])
    func `matches near the least size`(pad: Int, ends: [Int]) {
        #expect(Chunker.cuts(of: Inputs.trigger(pad: pad)) == ends)
    }

    @Test func `matches near the least size, all paddings`() {
        let text = (0..<128).map { pad in
            let ends = Chunker.cuts(of: Inputs.trigger(pad: pad))
            return "\(pad):\(ends.map(String.init).joined(separator: ","))\n"
        }
        let digest = SHA256Reference.hex(Array(text.joined().utf8))
        #expect(digest == "435fff13155e4116a55fb2f16a1ea684de7e99eb4f7d5b9ac95f98868a9fc431")
    }

    @Test func `large input`() {
        let input = Inputs.splitmix(16_777_216, seed: 42)
        let sizes = Self.expectLarge(
            input,
            chunkCount: 261,
            file: "5dd2f1854fba0e07e5616911d76b9046c55e2a1719684f00c48c900eda316b98"
        )
        #expect(sizes.count { $0 == 131_072 } == 33)
        #expect(sizes.min() == 8457)
    }

    @Test(.enabled(if: Vectors.includesLarge, "set XET_LARGE_VECTORS"))
    func `largest input`() {
        let input = Inputs.splitmix(67_121_209, seed: 43)
        let sizes = Self.expectLarge(
            input,
            chunkCount: 1056,
            file: "e6dd5c0970c7c47d62732fa05c353bbdf2fe015c998a2e04245c0c2a95b600eb"
        )
        #expect(sizes.count { $0 == 131_072 } == 153)
        #expect(sizes.min() == 8204)
        #expect(SHA256Reference.hex(input) == "5701150b452e13f94f1e62eb3d0295ae2a57a2a3edb9c14aa101a707f5a20ed6")
        #expect(
            SHA256Reference.hex(Inputs.splitmix(16_777_216, seed: 42))
                == "2f0abc3d93861f3aea137f02355b72e84c68ed3426fa63cabb9dcd68729bc29b"
        )
    }

    @Test(arguments: [1, 7, 64, 8128, 8192, 20_000, 200_000])
    func `cuts do not depend on the pieces`(maximum: Int) {
        var random = SplitMix64(seed: UInt64(maximum))
        let inputs = [
            Inputs.splitmix(300_000, seed: 11), Inputs.trigger(pad: 3), [UInt8](repeating: 59, count: 270_000),
            Inputs.lines(100_000),
        ]
        for input in inputs {
            #expect(Self.cuts(ofPieces: input.pieces(upTo: maximum, using: &random)) == Chunker.cuts(of: input))
        }
    }

    @Test func `agrees with the plain form`() {
        for seed in 100..<104 as Range<UInt64> {
            let input = Inputs.splitmix(400_000, seed: seed)
            #expect(Chunker.cuts(of: input) == PlainChunker.cuts(of: input))
        }
        for pad in 0..<16 {
            let input = Inputs.trigger(pad: pad)
            #expect(Chunker.cuts(of: input) == PlainChunker.cuts(of: input))
        }
        for input in [Inputs.lines(400_000), Inputs.halfs(400_000, seed: 8), [UInt8](repeating: 0xEE, count: 300_000)] {
            #expect(Chunker.cuts(of: input) == PlainChunker.cuts(of: input))
        }
    }

    /// The match that ends a chunk falls on each place in the steps of the scan, with more bytes behind it or none.
    @Test func `every place of a match`() throws {
        let input = Inputs.splitmix(100_000, seed: 0)
        let end = try #require(Chunker.cuts(of: input).first)
        for shift in 0..<24 {
            for rest in [0, 1, 7, 8, 9, 1000] {
                var chunker = Chunker()
                let first = chunker.nextCut(in: input.rawSpan.extracting(0..<20_000 + shift))
                let second = chunker.nextCut(in: input.rawSpan.extracting(20_000 + shift..<end + rest))
                #expect(first == nil)
                #expect(second == end - 20_000 - shift)
            }
        }
    }

    @Test func `open chunk is counted`() {
        var chunker = Chunker()
        #expect(chunker.openByteCount == 0)
        let first = [UInt8](repeating: 0, count: 5)
        var end = chunker.nextCut(in: first.rawSpan)
        #expect(end == nil)
        #expect(chunker.openByteCount == 5)
        let second = [UInt8](repeating: 0, count: 131_100)
        end = chunker.nextCut(in: second.rawSpan)
        #expect(end == 131_067)
        #expect(chunker.openByteCount == 0)
    }

    private static func expectLarge(_ input: [UInt8], chunkCount: Int, file: String) -> [Int] {
        let ends = Chunker.cuts(of: input)
        #expect(ends.count == chunkCount)
        #expect(fileHash(input, ends).text == file)
        return zip(ends, [0] + ends).map { $0 - $1 }
    }

    private static func fileHash(_ input: [UInt8], _ ends: [Int]) -> FileHash {
        var tree = MerkleTree()
        var start = 0
        for end in ends {
            tree.append(ChunkHash(ofChunk: input.rawSpan.extracting(start..<end)), byteCount: end - start)
            start = end
        }
        return tree.fileHash
    }

    private static func cuts(ofPieces pieces: [[UInt8]]) -> [Int] {
        var chunker = Chunker()
        var cuts: [Int] = []
        var start = 0
        for piece in pieces {
            var offset = 0
            while offset < piece.count, let end = chunker.nextCut(in: piece.rawSpan.extracting(offset..<piece.count)) {
                offset += end
                cuts.append(start + offset)
            }
            start += piece.count
        }
        if chunker.openByteCount > 0 {
            cuts.append(start)
        }
        return cuts
    }
}
