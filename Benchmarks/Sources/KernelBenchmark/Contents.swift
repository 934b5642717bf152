/// Bytes of the kinds that kernels meet, always the same.
enum Contents: String, CaseIterable {
    case random, text, f32, bf16

    func bytes(_ count: Int) -> [UInt8] {
        switch self {
        case .random:
            var generator = SplitMix64(seed: 1)
            return generator.bytes(count)
        case .text: return Self.lines(count)
        case .f32: return Self.weights(count, isHalved: false)
        case .bf16: return Self.weights(count, isHalved: true)
        }
    }

    private static func lines(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = 0
        while bytes.count < count {
            let line =
                "record \(index): the quick brown fox number \(index * 7919 % 1013) "
                + "jumps over \(index * 104_729 % 97) lazy dogs\n"
            bytes += Array(line.utf8)
            index += 1
        }
        return Array(bytes.prefix(count))
    }

    /// Numbers around 0, nearly normally distributed as those of models are: floats, or their upper halves.
    private static func weights(_ count: Int, isHalved: Bool) -> [UInt8] {
        var generator = SplitMix64(seed: 3)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 4)
        while bytes.count < count {
            let word = generator.next()
            let sum = stride(from: 0, to: 64, by: 16).reduce(0) { $0 + Int(word >> UInt64($1) & 0xFFFF) }
            let bits = (Float(sum - 2 * 0xFFFF) / 2_000_000).bitPattern
            for shift in stride(from: isHalved ? 16 : 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
            }
        }
        return Array(bytes.prefix(count))
    }
}
