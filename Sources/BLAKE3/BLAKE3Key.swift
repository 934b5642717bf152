/// The 32-byte key of a keyed hash.
public struct BLAKE3Key: Sendable, Hashable {
    /// Bytes 0..<8 as a little-endian word.
    let w0: UInt64
    /// Bytes 8..<16 as a little-endian word.
    let w1: UInt64
    /// Bytes 16..<24 as a little-endian word.
    let w2: UInt64
    /// Bytes 24..<32 as a little-endian word.
    let w3: UInt64

    /// A key given as four little-endian words, bytes 0..<8 first.
    public init(words: (UInt64, UInt64, UInt64, UInt64)) {
        (w0, w1, w2, w3) = words
    }
}
