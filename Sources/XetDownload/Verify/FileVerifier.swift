import NIOCore
import XetCore

/// Bytes that may leave, from one buffer; only a ``FileVerifier`` makes them.
struct VerifiedBytes: Sendable {
    private let buffer: ByteBuffer
    private let batch: BatchID
    private var range: Range<Int>

    fileprivate init(_ chunk: DecodedChunk) {
        buffer = chunk.buffer
        batch = chunk.batch
        range = chunk.range
    }

    var byteCount: Int { range.count }

    /// The bytes.
    var bytes: ByteBuffer {
        buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    /// The same bytes in pieces of at most `byteCount`, each in a buffer of its own, the last one first.
    func copiedPieces(of byteCount: Int) -> [ByteBuffer] {
        var rest = bytes
        var pieces: [ByteBuffer] = []
        while let piece = rest.readSlice(length: min(byteCount, rest.readableBytes)), piece.readableBytes > 0 {
            pieces.append(ByteBuffer(bytes: piece.readableBytesView))
        }
        return pieces.reversed()
    }

    /// Keeps those that lie inside `part`, which counts from the first of them.
    mutating func keep(_ part: Range<Int>) {
        let start = range.lowerBound
        range = range.clamped(to: start + part.lowerBound..<start + part.upperBound)
    }

    /// Takes up `next` if it lies behind these bytes in the same buffer; returns whether it does.
    mutating func join(_ next: VerifiedBytes) -> Bool {
        guard next.batch == batch, next.range.lowerBound == range.upperBound else { return false }
        range = range.lowerBound..<next.range.upperBound
        return true
    }
}

/// Checks the chunks of a download, in file order.
///
/// The lengths of chunks and terms are always checked. When the file is read to its end and all that comes before is
/// known, the hashes of its chunks are folded into the file hash, and the last chunk is given out only if that is right.
/// Another part of a file has no hash of its own; it is verified when it completes what others were given lately, and is not
/// completed if the file was found to be wrong meanwhile.
struct FileVerifier: ~Copyable {
    private let file: FileHash
    private let byteCount: UInt64
    private let isWhole: Bool
    private let isDoubted: @Sendable () -> Bool
    private let pieces: DeliveredPieces
    /// What was delivered before the file was read again from its start.
    private let witness: DeliveredChunks
    /// The chunks of that part, as they are now.
    private var reread = DeliveredChunks()
    /// The tree over all chunks so far, if the file can be verified.
    private(set) var tree: MerkleTree
    /// What was delivered, if the file can be verified.
    private(set) var delivered = DeliveredChunks()
    /// Bytes left of the term that is being read.
    private var termRest = 0

    /// Verifies a file of `byteCount` bytes of which `range` is read; `tree` has the chunks before that, if known.
    ///
    /// `isDoubted` says whether the file was found to be wrong. What `witness` holds must come again.
    init(
        _ file: FileHash,
        byteCount: UInt64,
        range: FileByteRange,
        tree: MerkleTree = MerkleTree(),
        witness: DeliveredChunks = DeliveredChunks(),
        pieces: DeliveredPieces = DeliveredPieces(),
        isDoubted: @escaping @Sendable () -> Bool = { false }
    ) {
        self.file = file
        self.byteCount = byteCount
        self.tree = tree
        self.witness = witness
        self.pieces = pieces
        self.isDoubted = isDoubted
        isWhole = Self.isWhole(range, byteCount: byteCount, tree: tree)
    }

    /// Whether the file hash can be compared, and chunk hashes are needed for it.
    static func isWhole(_ range: FileByteRange, byteCount: UInt64, tree: MerkleTree = MerkleTree()) -> Bool {
        range.start == tree.byteCount && range.end == byteCount
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
        let count = chunk.byteCount
        termRest -= count
        guard isLastOfTerm ? termRest == 0 : termRest >= 0 else {
            throw .termLength(excess: -termRest)
        }
        guard isWhole, !isRepeated else { return VerifiedBytes(chunk) }
        guard let hash = chunk.hash else { throw .missingHash }
        try checkWitness(hash, byteCount: count)
        tree.append(hash, byteCount: count)
        guard tree.byteCount <= byteCount else { throw .fileTooLong(expected: byteCount, found: tree.byteCount) }
        if tree.byteCount == byteCount {
            let found = tree.fileHash
            guard found == file else { throw .fileHash(expected: file, found: found) }
        }
        return VerifiedBytes(chunk)
    }

    /// Compares what was delivered before with what comes now, at the end of it.
    private mutating func checkWitness(_ hash: ChunkHash, byteCount: Int) throws(VerificationError) {
        let start = tree.byteCount
        guard witness.byteCount > 0, start >= witness.start, start < witness.end else { return }
        reread.append(hash, at: start, byteCount: byteCount)
        guard reread.end >= witness.end else { return }
        guard reread == witness else { throw .changed(start: witness.start, end: witness.end) }
    }

    /// Checks chunks that are about to leave, the first from byte `start` of the file on: with those that left before, to
    /// whomever, they must not make a wrong file whole.
    func checkDelivery(of chunks: [DeliveredPieces.Chunk], at start: UInt64) throws(VerificationError) {
        // Its own hash says more than what others were given.
        if isWhole, tree.byteCount == byteCount { return pieces.forget(file) }
        guard !chunks.isEmpty, let found = pieces.note(chunks, at: start, of: file, byteCount: byteCount) else {
            return
        }
        guard found == file else { throw .pieces(expected: file, found: found) }
    }

    /// Notes that a chunk, or a part of it, was delivered; `start` is its place in the file.
    mutating func noteDelivery(of chunk: ChunkHash?, at start: UInt64, byteCount: Int) {
        guard isWhole, let chunk else { return }
        delivered.append(chunk, at: start, byteCount: byteCount)
    }

    /// Checks that the last bytes of the range may leave: of a whole file all chunks must have been folded, so that the
    /// file hash has been compared; of a part, nobody else must have found the file to be wrong.
    func checkEnd() throws(VerificationError) {
        guard isWhole else {
            guard !isDoubted() else { throw .doubted }
            return
        }
        guard tree.byteCount == byteCount else {
            throw .fileTooShort(expected: byteCount, found: tree.byteCount)
        }
    }
}

/// Chunks that were delivered one behind the other.
struct DeliveredChunks: Sendable, Equatable {
    /// Where in the file the first begins.
    private(set) var start: UInt64 = 0
    private var tree = MerkleTree()

    var byteCount: UInt64 { tree.byteCount }
    /// Where in the file the last ends.
    var end: UInt64 { start + tree.byteCount }

    mutating func append(_ chunk: ChunkHash, at start: UInt64, byteCount: Int) {
        if tree.byteCount == 0 { self.start = start }
        tree.append(chunk, byteCount: byteCount)
    }

    static func == (one: DeliveredChunks, other: DeliveredChunks) -> Bool {
        one.start == other.start && one.byteCount == other.byteCount && one.tree.root == other.tree.root
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
    /// The ranges that were delivered lately cover the file, and give another hash.
    case pieces(expected: FileHash, found: FileHash)
    /// The bytes of this part were delivered, and are others now.
    case changed(start: UInt64, end: UInt64)
    /// Another download found the file to be wrong while this part of it was read.
    case doubted
}
