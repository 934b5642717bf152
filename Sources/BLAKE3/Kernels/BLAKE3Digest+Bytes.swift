extension BLAKE3Digest {
    /// The 32 bytes that `write` leaves at its pointer.
    ///
    /// SAFETY: `write` must stay within the 32 bytes and must not keep the pointer.
    @unsafe init(_ write: (UnsafeMutableRawPointer) -> Void) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        // SAFETY: four UInt64 are 32 bytes without padding.
        unsafe withUnsafeMutablePointer(to: &words) { unsafe write(UnsafeMutableRawPointer($0)) }
        self.init(
            w0: UInt64(littleEndian: words.0),
            w1: UInt64(littleEndian: words.1),
            w2: UInt64(littleEndian: words.2),
            w3: UInt64(littleEndian: words.3)
        )
    }
}
