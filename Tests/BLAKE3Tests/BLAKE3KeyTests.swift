import BLAKE3
import Testing

@Suite struct BLAKE3KeyTests {
    @Test func bytesAreLittleEndianWords() {
        let bytes = (0..<32).map { UInt8($0) }
        let key = BLAKE3Key(
            words: (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908, 0x1716_1514_1312_1110, 0x1F1E_1D1C_1B1A_1918)
        )
        #expect(BLAKE3Key(bytes.rawSpan) == key)
    }

    @Test(arguments: [0, 1, 8, 31, 33, 64])
    func otherLengthsAreNoKey(byteCount: Int) {
        let bytes = [UInt8](repeating: 1, count: byteCount)
        #expect(BLAKE3Key(bytes.rawSpan) == nil)
    }
}
