@_spi(Kernels) import XetCore

/// The chunker without skipping: every byte is hashed, and compared.
enum PlainChunker {
    static func cuts(of bytes: [UInt8]) -> [Int] {
        let words = GearTable.words
        var cuts: [Int] = []
        var hash: UInt64 = 0
        var size = 0
        for (offset, byte) in bytes.enumerated() {
            hash = hash << 1 &+ words[Int(byte)]
            size += 1
            if size >= 8192 && (size >= 131_072 || hash & 0xFFFF_0000_0000_0000 == 0) {
                cuts.append(offset + 1)
                hash = 0
                size = 0
            }
        }
        return size > 0 ? cuts + [bytes.count] : cuts
    }
}
