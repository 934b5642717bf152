/// The generator that the vectors are made with; also the source of reproducible randomness in tests.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator whose whole output follows from `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next word.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// The next words as little-endian bytes, cut at `count`.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var offset = 0
            while offset < count {
                var word = next()
                for _ in 0..<min(8, count - offset) {
                    unsafe buffer.baseAddress?.advanced(by: offset).initialize(to: UInt8(truncatingIfNeeded: word))
                    word >>= 8
                    offset += 1
                }
            }
            initialized = count
        }
    }
}
