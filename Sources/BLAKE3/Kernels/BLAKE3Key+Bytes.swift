import CBLAKE3

extension BLAKE3Key {
    /// A key given as its bytes; nil unless there are 32.
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount == 32 else { return nil }
        func word(at offset: Int) -> UInt64 {
            // SAFETY: offset + 8 <= 32 = byteCount, checked above; every bit pattern is a UInt64.
            UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
        }
        self.init(words: (word(at: 0), word(at: 8), word(at: 16), word(at: 24)))
    }
}

extension cblake3_key {
    /// The key and flag of the keyed hash, or the standard initial value of the plain one.
    init(_ key: BLAKE3Key?) {
        guard let key else {
            self.init(words: Self.initialValue, flags: 0)
            return
        }
        func halves(_ word: UInt64) -> (low: UInt32, high: UInt32) {
            (UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
        }
        let (a, b, c, d) = (halves(key.w0), halves(key.w1), halves(key.w2), halves(key.w3))
        self.init(
            words: (a.low, a.high, b.low, b.high, c.low, c.high, d.low, d.high),
            flags: CBLAKE3_KEYED_HASH
        )
    }

    /// The initial value of SHA-256.
    private static var initialValue: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) {
        (
            0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A,
            0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19
        )
    }
}
