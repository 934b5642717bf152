@_spi(Kernels) import BLAKE3
import CBLAKE3
import Testing

@Suite struct BLAKE3KernelTests {
    static let keyWords: [UInt64] = [0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, 0x55AA_33CC_0FF0_1234, .max]
    static let key = BLAKE3Key(words: (keyWords[0], keyWords[1], keyWords[2], keyWords[3]))
    static let keyed = ReferenceBLAKE3(key: ReferenceBLAKE3.halves(keyWords))

    /// Bytes without a pattern, by SplitMix64.
    static func input(_ length: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        var bytes: [UInt8] = []
        while bytes.count < length {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            word ^= word >> 31
            for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * byte))) }
        }
        return Array(bytes.prefix(length))
    }

    @Test func portableIsAvailableAndFirst() {
        #expect(BLAKE3Kernel.available.first?.description == "portable")
        #expect(BLAKE3Kernel.available.last == BLAKE3Kernel.best)
    }

    @Test func agreeWithTheVectors() throws {
        let vectors = try BLAKE3Vectors.load()
        let key = try #require(BLAKE3Key(bytesInHex: vectors.key))
        for vector in vectors.cases {
            let input = BLAKE3Vectors.input(vector.length)
            for kernel in BLAKE3Kernel.available {
                let plain = BLAKE3Hasher.hash(input.rawSpan, key: nil, kernel: kernel)
                let keyed = BLAKE3Hasher.hash(input.rawSpan, key: key, kernel: kernel)
                #expect(plain == BLAKE3Digest(bytesInHex: vector.hash), "\(kernel), length \(vector.length)")
                #expect(keyed == BLAKE3Digest(bytesInHex: vector.keyed), "\(kernel), length \(vector.length)")
            }
        }
    }

    /// Around blocks and chunks, and around the widths of 4, 8 and 16 lanes.
    @Test(arguments: [
        0, 1, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 1087, 1088, 2047, 2048, 2049, 3072, 4095, 4096, 4097,
        5 * 1024 + 1, 7 * 1024 + 961, 8191, 8192, 8193, 9 * 1024, 9 * 1024 + 1, 15 * 1024 + 64, 16383, 16384, 16385,
        17 * 1024 + 1, 31744, 32 * 1024 + 500,
    ])
    func agreeWithTheReferenceAtAnyAddress(length: Int) {
        let bytes = Self.input(length + 4, seed: UInt64(length))
        for offset in 0..<4 {
            let expected = Self.keyed.hash(bytes[offset..<offset + length])
            for kernel in BLAKE3Kernel.available {
                let span = bytes.rawSpan.extracting(offset..<offset + length)
                let digest = BLAKE3Hasher.hash(span, key: Self.key, kernel: kernel)
                #expect(ReferenceBLAKE3.halves(digest.words) == expected, "\(kernel), offset \(offset)")
            }
        }
    }

    /// Chunk numbers beyond 32 bits, and carries from the low word to the high one in the middle of the lanes.
    @Test(arguments: [0, 1, 5, (1 << 32) - 16, (1 << 32) - 3, 1 << 32, (3 << 32) + 7, (1 << 53) - 1] as [UInt64])
    func appendAgreesWithOneChunkAtATime(firstChunk: UInt64) {
        let count = 21
        let input = Self.input(count * 1024, seed: firstChunk)

        // What a tree of `firstChunk` chunks may hold: something in each slot of a set bit.
        let levels = Int(CBLAKE3_MAX_LEVELS)
        var slots = [ReferenceBLAKE3.ChainingValue](repeating: Array(repeating: 0, count: 8), count: levels)
        for level in 0..<levels where firstChunk >> level & 1 == 1 {
            slots[level] = (0..<8).map { UInt32(level * 8 + $0) &* 0x9E37_79B9 }
        }
        let start = slots.flatMap { $0.map(\.littleEndian) }

        for number in 0..<count {
            let chunk = firstChunk + UInt64(number)
            var value = Self.keyed.chunk(input[(number * 1024)..<(number + 1) * 1024], number: chunk)
            var level = 0
            while chunk >> level & 1 == 1 {
                value = Self.keyed.parent(slots[level], value)
                level += 1
            }
            slots[level] = value
        }

        let words = ReferenceBLAKE3.halves(Self.keyWords)
        var key = cblake3_key()
        key.words = (words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7])
        key.flags = CBLAKE3_KEYED_HASH
        let kernels = [CBLAKE3_PORTABLE, CBLAKE3_SSE41, CBLAKE3_AVX2, CBLAKE3_AVX512, CBLAKE3_NEON]
        for kernel in kernels where cblake3_is_available(kernel) {
            var pending = start
            // SAFETY: the kernel is available; `input` has `count` chunks; `pending` has 54 times 8 words.
            unsafe cblake3_append(kernel, &key, firstChunk, input, count, &pending)
            let end = firstChunk + UInt64(count)
            for level in 0..<levels where end >> level & 1 == 1 {
                let slot = pending[(level * 8)..<(level + 1) * 8].map { UInt32(littleEndian: $0) }
                #expect(slot == slots[level], "kernel \(kernel.rawValue), level \(level)")
            }
        }
    }
}
