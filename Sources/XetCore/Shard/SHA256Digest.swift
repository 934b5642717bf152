/// The SHA-256 of a whole file, as Git LFS and ETags name it.
///
/// Its text form is the plain hex of its 32 bytes. A shard stores it in the byte order of a ``ContentHash`` with the
/// same text, so each group of eight bytes is reversed there.
/// Source: reference client; the draft does not mention the order.
public struct SHA256Digest: Hashable, Sendable {
    /// Bytes 0..<8, 8..<16, 16..<24, 24..<32 as big-endian integers.
    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    init(words: (UInt64, UInt64, UInt64, UInt64)) {
        (word0, word1, word2, word3) = words
    }

    /// Takes the 32 bytes that SHA-256 gives; `nil` for another count.
    public init?(bytes: RawSpan) {
        guard bytes.byteCount == 32 else { return nil }
        self.init(
            words: (
                bytes.littleEndianUInt64(at: 0).byteSwapped, bytes.littleEndianUInt64(at: 8).byteSwapped,
                bytes.littleEndianUInt64(at: 16).byteSwapped, bytes.littleEndianUInt64(at: 24).byteSwapped
            )
        )
    }

    /// 32 zero bytes: what the reference client states for the empty file, in place of the digest of no bytes.
    public static var zero: Self { Self(words: (0, 0, 0, 0)) }

    /// The four words in order; a shard holds them as little-endian integers.
    var words: (UInt64, UInt64, UInt64, UInt64) { (word0, word1, word2, word3) }

    /// The 32 bytes in the order of the text.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for word in [word0, word1, word2, word3] {
            bytes.appendLittleEndian(word.byteSwapped)
        }
        return bytes
    }
}

extension SHA256Digest: LosslessStringConvertible {
    /// Parses exactly 64 hex digits of either case.
    public init?(_ description: String) {
        guard let hash = NodeHash(description) else { return nil }
        self.init(words: hash.words)
    }

    /// 64 lower-case hex digits.
    public var text: String { NodeHash(words: words).text }

    /// The text form.
    public var description: String { text }
}
