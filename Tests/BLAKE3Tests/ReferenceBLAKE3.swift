/// BLAKE3 written for reading: one block at a time, the tree by its definition, no unsafe code.
///
/// The kernels are tested against it. It is not the library's fallback: that is the portable C kernel, which shares the
/// tree with the others and is several times faster.
struct ReferenceBLAKE3 {
    /// Eight words.
    typealias ChainingValue = [UInt32]

    enum Flag {
        static let chunkStart: UInt32 = 1
        static let chunkEnd: UInt32 = 2
        static let parent: UInt32 = 4
        static let root: UInt32 = 8
        static let keyedHash: UInt32 = 16
    }

    static let initialValue: ChainingValue = [
        0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
    ]
    static let permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]

    var key: ChainingValue
    var mode: UInt32

    /// Plain when `key`, as eight words, is nil.
    init(key: ChainingValue? = nil) {
        self.key = key ?? Self.initialValue
        mode = key == nil ? 0 : Flag.keyedHash
    }

    /// The digest as eight words.
    func hash(_ input: ArraySlice<UInt8>) -> ChainingValue {
        node(input, firstChunk: 0, root: Flag.root)
    }

    /// The chaining value of the subtree over `input`, whose first chunk is number `firstChunk` of the whole.
    private func node(_ input: ArraySlice<UInt8>, firstChunk: UInt64, root: UInt32) -> ChainingValue {
        guard input.count > 1024 else { return chunk(input, number: firstChunk, root: root) }
        // The left side takes the largest power of two of chunks that leaves at least one byte to the right.
        var leftChunks = 1
        while leftChunks * 2 * 1024 < input.count { leftChunks *= 2 }
        return parent(
            node(input.prefix(leftChunks * 1024), firstChunk: firstChunk, root: 0),
            node(input.dropFirst(leftChunks * 1024), firstChunk: firstChunk + UInt64(leftChunks), root: 0),
            root: root
        )
    }

    func chunk(_ input: ArraySlice<UInt8>, number: UInt64, root: UInt32 = 0) -> ChainingValue {
        var value = key
        var rest = input
        var flags = mode | Flag.chunkStart
        while rest.count > 64 {
            value = compress(value, Self.block(rest.prefix(64)), length: 64, counter: number, flags: flags)
            rest = rest.dropFirst(64)
            flags = mode
        }
        flags |= Flag.chunkEnd | root
        return compress(value, Self.block(rest), length: UInt32(rest.count), counter: number, flags: flags)
    }

    func parent(_ left: ChainingValue, _ right: ChainingValue, root: UInt32 = 0) -> ChainingValue {
        compress(key, left + right, length: 64, counter: 0, flags: mode | Flag.parent | root)
    }

    /// Sixteen little-endian words, padded with zeros.
    private static func block(_ bytes: ArraySlice<UInt8>) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: 16)
        for (index, byte) in bytes.enumerated() {
            words[index / 4] |= UInt32(byte) << (8 * (index % 4))
        }
        return words
    }

    private func compress(
        _ value: ChainingValue,
        _ block: [UInt32],
        length: UInt32,
        counter: UInt64,
        flags: UInt32
    ) -> ChainingValue {
        var v = value + Self.initialValue.prefix(4)
        v += [UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), length, flags]
        var message = block

        func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
        func mix(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ x: UInt32, _ y: UInt32) {
            v[a] = v[a] &+ v[b] &+ x
            v[d] = rotate(v[d] ^ v[a], 16)
            v[c] = v[c] &+ v[d]
            v[b] = rotate(v[b] ^ v[c], 12)
            v[a] = v[a] &+ v[b] &+ y
            v[d] = rotate(v[d] ^ v[a], 8)
            v[c] = v[c] &+ v[d]
            v[b] = rotate(v[b] ^ v[c], 7)
        }
        for _ in 0..<7 {
            mix(0, 4, 8, 12, message[0], message[1])
            mix(1, 5, 9, 13, message[2], message[3])
            mix(2, 6, 10, 14, message[4], message[5])
            mix(3, 7, 11, 15, message[6], message[7])
            mix(0, 5, 10, 15, message[8], message[9])
            mix(1, 6, 11, 12, message[10], message[11])
            mix(2, 7, 8, 13, message[12], message[13])
            mix(3, 4, 9, 14, message[14], message[15])
            message = Self.permutation.map { message[$0] }
        }
        return (0..<8).map { v[$0] ^ v[$0 + 8] }
    }
}

extension ReferenceBLAKE3 {
    /// A digest or key of four words, as eight.
    static func halves(_ words: [UInt64]) -> ChainingValue {
        words.flatMap { [UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $0 >> 32)] }
    }
}
