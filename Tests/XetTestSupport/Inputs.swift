/// The contents that the vectors are computed from.
public enum Inputs {
    /// Bytes of a ``SplitMix64``.
    public static func splitmix(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SplitMix64(seed: seed)
        return generator.bytes(count)
    }

    /// Lines of English with running numbers.
    public static func lines(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 100)
        var index = 0
        while bytes.count < count {
            let number = String(index)
            let padded = String(repeating: "0", count: max(0, 6 - number.count)) + number
            let line =
                "record \(padded): the quick brown fox number \(index * 7919 % 1013) "
                + "jumps over \(index * 104_729 % 97) lazy dogs\n"
            bytes.append(contentsOf: line.utf8)
            index += 1
        }
        return Array(bytes.prefix(count))
    }

    /// 32-bit floats in 0.5 ..< 1.
    public static func halfs(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SplitMix64(seed: seed)
        var bytes = generator.bytes((count + 7) / 8 * 8)
        for word in stride(from: 0, to: bytes.count, by: 4) {
            bytes[word + 2] &= 0x7F
            bytes[word + 3] = 0x3F
        }
        return Array(bytes.prefix(count))
    }

    /// 128 bytes placed so that the chunker's mask matches near the least chunk size.
    private static let triggerPattern = [UInt8](
        hex: "9a342a229f4b7ee046ec0cc44fecb27c7f3263b22cb0ae7efaebcdaefc7a230a"
            + "1465d645c10873699ee4786f88a2c6fbd3b7fdfca4933f10baa27517aa24cdbb"
            + "ae4cd2aed3af0cad913b0246deb59fe3b69cbd33e26a1832b79d8c0a0817d446"
            + "0aea1721dbfe27ec4631bf7409730f651a9fa5dc0faa387d5ca35eeb26283151"
    )

    /// The pattern and `pad` zero bytes, repeated.
    public static func trigger(pad: Int, _ count: Int = 65536) -> [UInt8] {
        var bytes = (triggerPattern ?? []) + [UInt8](repeating: 0, count: pad)
        while bytes.count < count {
            bytes += bytes.prefix(count - bytes.count)
        }
        return bytes
    }

    /// The file of that name in `golden.json`; `nil` for an unknown name.
    public static func golden(_ name: String) -> [UInt8]? {
        switch name {
        case "empty.bin": []
        case "hello.txt": Array("Hello World!".utf8)
        case "tiny.bin": splitmix(8191, seed: 7)
        case "random.bin": splitmix(1_000_000, seed: 0)
        case "text.txt": lines(300_000)
        case "f32.bin": halfs(1_000_003, seed: 3)
        case "const3b.bin": [UInt8](repeating: 0x3B, count: 400_000)
        case "trigger11.bin": trigger(pad: 11)
        case "mix.bin":
            splitmix(1_000_000, seed: 0)[200_000..<700_000] + splitmix(150_000, seed: 9) + lines(200_000)
        default: nil
        }
    }
}
