/// What a ``ContentHash`` names; keeps a chunk hash from being passed for a xorb hash.
public protocol ContentHashRole: Sendable {}

/// The name of a chunk.
public enum ChunkRole: ContentHashRole {}
/// The name of a xorb.
public enum XorbRole: ContentHashRole {}
/// The name of a file.
public enum FileRole: ContentHashRole {}
/// The name of a stored shard.
public enum ShardRole: ContentHashRole {}
/// A node of a Merkle tree that has no other role.
public enum NodeRole: ContentHashRole {}
/// The proof that an uploader knows the chunks behind a term.
public enum VerificationRole: ContentHashRole {}

/// Keyed BLAKE3 of one chunk's unpacked bytes.
public typealias ChunkHash = ContentHash<ChunkRole>
/// Merkle root over the chunks of a xorb.
public typealias XorbHash = ContentHash<XorbRole>
/// Keyed Merkle root over the chunks of a file; 32 zero bytes for the empty file.
public typealias FileHash = ContentHash<FileRole>
/// Keyed BLAKE3 of a whole shard file.
public typealias ShardHash = ContentHash<ShardRole>
/// Hash of a node of the Merkle tree, leaves included.
public typealias NodeHash = ContentHash<NodeRole>
/// Keyed BLAKE3 over the raw chunk hashes of a term.
public typealias VerificationHash = ContentHash<VerificationRole>

/// 32 bytes, kept as four little-endian 64-bit words.
///
/// The text form prints each word as 16 hex digits, in order; it is not the plain hex of the bytes. The order is that
/// of the words, first word first, which is also the order of the texts.
/// Source: draft-denis-xet, "Hash String Representation".
public struct ContentHash<Role: ContentHashRole>: Hashable, Sendable {
    /// Bytes 0..<8, 8..<16, 16..<24, 24..<32 as little-endian integers.
    public var words: (UInt64, UInt64, UInt64, UInt64) { (word0, word1, word2, word3) }

    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    /// Makes a hash from its four little-endian words.
    public init(words: (UInt64, UInt64, UInt64, UInt64)) {
        (word0, word1, word2, word3) = words
    }

    /// Reads the raw bytes of a hash; `nil` unless there are exactly 32.
    public init?(bytes: RawSpan) {
        guard bytes.byteCount == 32 else { return nil }
        self.init(
            words: (
                bytes.littleEndianUInt64(at: 0), bytes.littleEndianUInt64(at: 8),
                bytes.littleEndianUInt64(at: 16), bytes.littleEndianUInt64(at: 24)
            )
        )
    }

    /// Gives the same bytes another role.
    public init<Other: ContentHashRole>(_ other: ContentHash<Other>) {
        self.init(words: other.words)
    }

    /// 32 zero bytes: the empty file, the root of no chunks.
    public static var zero: Self { Self(words: (0, 0, 0, 0)) }

    /// 32 bytes `0xFF`: the end marker of shard sections, never a hash of content.
    public static var endMarker: Self { Self(words: (.max, .max, .max, .max)) }

    /// The last word modulo `divisor`, as the Merkle tree and the deduplication rules use it.
    public func modulo(_ divisor: UInt64) -> UInt64 { word3 % divisor }

    /// The first word, as shard lookup tables hold it.
    public var truncated: UInt64 { word0 }

    /// The 32 raw bytes, as binary formats hold them.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        append(to: &bytes)
        return bytes
    }

    /// Appends the 32 raw bytes.
    public func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(word0)
        bytes.appendLittleEndian(word1)
        bytes.appendLittleEndian(word2)
        bytes.appendLittleEndian(word3)
    }
}

extension ContentHash: Comparable {
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.words < rhs.words }
}

extension ContentHash: LosslessStringConvertible {
    /// Parses the text form: exactly 64 hex digits of either case.
    public init?(_ description: String) {
        var words: [4 of UInt64] = .init(repeating: 0)
        var index = 0
        for digit in description.utf8 {
            guard index < 64, let value = digit.hexValue else { return nil }
            words[index / 16] = words[index / 16] << 4 | UInt64(value)
            index += 1
        }
        guard index == 64 else { return nil }
        self.init(words: (words[0], words[1], words[2], words[3]))
    }

    /// The text form, 64 lower-case hex digits.
    public var text: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        appendText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    public var description: String { text }

    /// Appends the text form as ASCII.
    public func appendText(to bytes: inout [UInt8]) {
        bytes.appendHex(word0)
        bytes.appendHex(word1)
        bytes.appendHex(word2)
        bytes.appendHex(word3)
    }
}
