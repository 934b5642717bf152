/// The 32 bytes of a hash, kept as four little-endian words.
public struct BLAKE3Digest: Sendable, Hashable {
    /// Bytes 0..<8 as a little-endian word.
    public var w0: UInt64
    /// Bytes 8..<16 as a little-endian word.
    public var w1: UInt64
    /// Bytes 16..<24 as a little-endian word.
    public var w2: UInt64
    /// Bytes 24..<32 as a little-endian word.
    public var w3: UInt64

    /// A digest given as four little-endian words, bytes 0..<8 first.
    public init(w0: UInt64, w1: UInt64, w2: UInt64, w3: UInt64) {
        self.w0 = w0
        self.w1 = w1
        self.w2 = w2
        self.w3 = w3
    }
}
