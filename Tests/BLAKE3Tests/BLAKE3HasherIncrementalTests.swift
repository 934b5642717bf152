@_spi(Kernels) import BLAKE3
import Testing

@Suite struct BLAKE3HasherIncrementalTests {
    static let key = BLAKE3Key(words: (1, 2, 3, 4))

    /// Hashes `input` in pieces of the given sizes, taken in turn.
    static func hash(_ input: [UInt8], in sizes: [Int], kernel: BLAKE3Kernel) -> BLAKE3Digest {
        var hasher = BLAKE3Hasher(key: key, kernel: kernel)
        var offset = 0
        var turn = 0
        while offset < input.count {
            let size = min(sizes[turn % sizes.count], input.count - offset)
            hasher.update(input.rawSpan.extracting(offset..<offset + size))
            offset += size
            turn += 1
        }
        return hasher.finalize()
    }

    @Test(arguments: [
        [1], [63], [64], [65], [1023], [1024], [1025], [2047], [2048], [3072], [4097], [16384], [65536], [131072],
        [131073], [0, 1, 1023], [1024, 0, 1], [1, 16384], [1023, 65536, 2], [5000, 1, 1, 131072, 1022],
    ])
    func piecesGiveTheDigestOfTheWhole(sizes: [Int]) {
        for kernel in BLAKE3Kernel.available {
            for length in [0, 1, 1024, 1025, 2048, 31 * 1024, 33 * 1024 + 1, 129 * 1024, 300_001] {
                let input = BLAKE3Vectors.input(length)
                let whole = BLAKE3Hasher.hash(input.rawSpan, key: Self.key)
                #expect(Self.hash(input, in: sizes, kernel: kernel) == whole, "length \(length), \(kernel)")
            }
        }
    }

    /// Two pieces, cut around every block and chunk boundary.
    @Test(arguments: [1, 64, 65, 1024, 1025, 2048, 2049, 7 * 1024 + 1, 17 * 1024, 20 * 1024 + 77])
    func everyAwkwardCutGivesTheDigestOfTheWhole(length: Int) {
        let input = BLAKE3Vectors.input(length)
        let whole = BLAKE3Hasher.hash(input.rawSpan, key: Self.key)
        let boundaries = [0, 64, 128] + stride(from: 1024, through: length, by: 1024)
        for cut in Set(boundaries.flatMap { [$0 - 1, $0, $0 + 1] }) where (0...length).contains(cut) {
            var hasher = BLAKE3Hasher(key: Self.key)
            hasher.update(input.rawSpan.extracting(0..<cut))
            hasher.update(input.rawSpan.extracting(cut..<length))
            #expect(hasher.finalize() == whole, "cut at \(cut)")
        }
    }

    @Test func plainHashInPieces() throws {
        for vector in try BLAKE3Vectors.load().cases where vector.length < 20_000 {
            let input = BLAKE3Vectors.input(vector.length)
            var hasher = BLAKE3Hasher()
            hasher.update(input.rawSpan.extracting(0..<vector.length / 3))
            hasher.update(input.rawSpan.extracting(vector.length / 3..<vector.length))
            #expect(hasher.finalize() == BLAKE3Digest(bytesInHex: vector.hash), "length \(vector.length)")
        }
    }

    @Test func askingForTheDigestChangesNothing() {
        let input = BLAKE3Vectors.input(10_000)
        var hasher = BLAKE3Hasher(key: Self.key)
        for start in stride(from: 0, to: input.count, by: 500) {
            hasher.update(input.rawSpan.extracting(start..<start + 500))
            let soFar = BLAKE3Hasher.hash(input.rawSpan.extracting(0..<start + 500), key: Self.key)
            #expect(hasher.finalize() == soFar, "after \(start + 500) bytes")
            #expect(hasher.finalize() == soFar, "after \(start + 500) bytes, again")
        }
    }
}
