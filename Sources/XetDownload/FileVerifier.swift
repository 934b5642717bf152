import NIOCore
import XetCore

/// A chunk as it came out of a xorb.
struct DecodedChunk: Sendable {
    /// Its bytes.
    let bytes: ByteBuffer
    /// Its hash; `nil` when nothing can be verified with it.
    let hash: ChunkHash?
}

/// Bytes that may leave; only a ``FileVerifier`` makes them.
struct VerifiedBytes: Sendable {
    /// The bytes.
    let bytes: ByteBuffer

    fileprivate init(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }
}

/// Checks the chunks of a download, in file order.
///
/// The lengths of chunks and terms are always checked. When the whole file is read, the hashes of its chunks are folded
/// into the file hash, and the last chunk is given out only if that is right. A part of a file has no hash of its own.
struct FileVerifier: ~Copyable {
    private let file: FileHash
    private let byteCount: UInt64
    private let isWhole: Bool
    private var tree = MerkleTree()
    /// Bytes left of the term that is being read.
    private var termRest = 0

    /// Verifies `range` of a file of `byteCount` bytes.
    init(_ file: FileHash, byteCount: UInt64, range: FileByteRange) {
        self.file = file
        self.byteCount = byteCount
        isWhole = Self.isWhole(range, byteCount: byteCount)
    }

    /// Whether chunk hashes are needed for this range.
    static func isWhole(_ range: FileByteRange, byteCount: UInt64) -> Bool {
        range.start == 0 && range.end == byteCount
    }

    /// Begins a term; its chunks follow.
    mutating func beginTerm(_ term: Term) {
        termRest = term.unpackedByteCount
    }

    /// Checks the next chunk of the term; of one that came before only the length counts.
    mutating func verify(
        _ chunk: DecodedChunk,
        isLastOfTerm: Bool,
        isRepeated: Bool = false
    ) throws(VerificationError) -> VerifiedBytes {
        let count = chunk.bytes.readableBytes
        termRest -= count
        guard isLastOfTerm ? termRest == 0 : termRest >= 0 else {
            throw .termLength(excess: -termRest)
        }
        guard isWhole, !isRepeated else { return VerifiedBytes(chunk.bytes) }
        guard let hash = chunk.hash else { throw .missingHash }
        tree.append(hash, byteCount: count)
        guard tree.byteCount <= byteCount else { throw .fileTooLong(expected: byteCount, found: tree.byteCount) }
        if tree.byteCount == byteCount {
            let found = tree.fileHash
            guard found == file else { throw .fileHash(expected: file, found: found) }
        }
        return VerifiedBytes(chunk.bytes)
    }

    /// Checks that the last bytes of the range may leave: of a whole file all chunks must have been folded, so that the
    /// file hash has been compared.
    func checkEnd() throws(VerificationError) {
        guard !isWhole || tree.byteCount == byteCount else {
            throw .fileTooShort(expected: byteCount, found: tree.byteCount)
        }
    }
}

/// Why downloaded bytes are not those of the file.
enum VerificationError: Error, Hashable, Sendable {
    /// The chunks of a term have `excess` bytes more than it states, or fewer if negative.
    case termLength(excess: Int)
    /// The chunks add up to more than the file.
    case fileTooLong(expected: UInt64, found: UInt64)
    /// The end of the file is reached before its chunks add up to it.
    case fileTooShort(expected: UInt64, found: UInt64)
    /// The chunks give another file hash.
    case fileHash(expected: FileHash, found: FileHash)
    /// A chunk was not hashed although the whole file is read.
    case missingHash
}
