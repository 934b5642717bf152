/// Small damage to valid bytes, as it follows from a seed.
public struct Mutator: Sendable {
    private var random: SplitMix64
    /// Numbers that parsers get wrong: limits, sign bits, off by one.
    private static let numbers: [UInt32] = [
        0, 1, 2, 7, 8, 47, 48, 49, 255, 256, 0x1FFFF, 0x20000, 0x20001, 0x3FFFF, 0x40000, 0x40001, 0xFFFFFF,
        0x7FFF_FFFF, 0x8000_0000, 0xC000_0000, 0xFFFF_FFF8, 0xFFFF_FFFE, 0xFFFF_FFFF,
    ]

    /// A mutator whose damage follows from `seed`.
    public init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// A copy with one to four damages; may still be equal.
    public mutating func mutated(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            damage(&bytes)
        }
        return bytes
    }

    private mutating func damage(_ bytes: inout [UInt8]) {
        let offset = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
        case 1:
            bytes.removeSubrange(offset..<min(bytes.count, offset + Int.random(in: 1...64, using: &random)))
        case 2:
            bytes.insert(contentsOf: random.bytes(Int.random(in: 1...64, using: &random)), at: offset)
        case 3 where !bytes.isEmpty:
            let source = Int.random(in: 0..<bytes.count, using: &random)
            let count = min(48, bytes.count - max(source, offset))
            bytes.replaceSubrange(offset..<offset + count, with: Array(bytes[source..<source + count]))
        case 4 where bytes.count >= 4:
            // Fields of all formats are aligned to 4 from some start.
            let field = offset / 4 * 4
            guard field + 4 <= bytes.count, let number = Self.numbers.randomElement(using: &random) else { return }
            for index in 0..<4 {
                bytes[field + index] = UInt8(truncatingIfNeeded: number >> UInt32(8 * index))
            }
        case 5 where !bytes.isEmpty:
            bytes[offset] = UInt8.random(in: 0...255, using: &random)
        default:
            guard !bytes.isEmpty else { return }
            bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
    }
}

extension [UInt8] {
    /// The bytes in pieces of random length, from 1 to `maximum`.
    public func pieces(upTo maximum: Int, using random: inout SplitMix64) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var offset = 0
        while offset < count {
            let size = Swift.min(Int.random(in: 1...maximum, using: &random), count - offset)
            pieces.append(Array(self[offset..<offset + size]))
            offset += size
        }
        return pieces
    }
}
