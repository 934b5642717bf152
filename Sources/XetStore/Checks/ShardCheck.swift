public import XetAccess
public import XetCore

/// Holds a shard against the xorbs that are kept, before its files are made known.
///
/// Nothing that the shard says of chunks is believed: lengths, proofs and file hashes are computed from the kept xorbs.
/// Source: draft-denis-xet, "Shard Upload"; reference client.
public struct ShardCheck: Sendable {
    /// Most chunks that the files of one shard may have, counted as often as they occur.
    ///
    /// It bounds the time that a check can take.
    public static let maximumChunkCount = 1 << 26

    private let xorbs: any XorbStore

    /// A check against the xorbs of a store.
    public init(xorbs: any XorbStore) {
        self.xorbs = xorbs
    }

    /// Throws ``ShardCheckError`` for the first thing that is wrong.
    public func check(_ shard: Shard) async throws {
        for xorb in shard.xorbs {
            try Task.checkCancellation()
            try await check(xorb)
        }
        var chunkCount = 0
        for file in shard.files {
            try await check(file, &chunkCount)
        }
    }

    private func check(_ xorb: ShardXorb) async throws {
        guard let index = try await xorbs.index(of: xorb.hash) else {
            throw ShardCheckError.unknownXorb(xorb.hash)
        }
        guard xorb.chunks.count == index.chunkCount else {
            throw ShardCheckError.chunkCountMismatch(
                xorb: xorb.hash,
                expected: index.chunkCount,
                found: xorb.chunks.count
            )
        }
        for (number, chunk) in xorb.chunks.enumerated() {
            guard chunk.hash == index.chunkHashes[number], chunk.unpackedEnd == Int(index.unpackedEnds[number]) else {
                throw ShardCheckError.chunkMismatch(xorb: xorb.hash, chunk: number)
            }
        }
    }

    private func check(_ file: ShardFile, _ chunkCount: inout Int) async throws {
        guard let verification = file.verification else { throw ShardCheckError.noVerification(file: file.hash) }
        var tree = MerkleTree()
        for (number, term) in file.terms.enumerated() {
            try Task.checkCancellation()
            chunkCount += term.chunks.count
            guard chunkCount <= Self.maximumChunkCount else {
                throw ShardCheckError.tooManyChunks(maximum: Self.maximumChunkCount)
            }
            guard let index = try await xorbs.index(of: term.xorb) else {
                throw ShardCheckError.unknownXorb(term.xorb)
            }
            guard let byteCount = index.unpackedByteCount(of: term.chunks) else {
                throw ShardCheckError.termOutOfBounds(
                    file: file.hash,
                    term: number,
                    end: term.chunks.end,
                    chunkCount: index.chunkCount
                )
            }
            guard byteCount == term.unpackedByteCount else {
                throw ShardCheckError.termLengthMismatch(
                    file: file.hash,
                    term: number,
                    expected: byteCount,
                    found: term.unpackedByteCount
                )
            }
            guard index.verificationHash(of: term.chunks) == verification[number] else {
                throw ShardCheckError.verificationMismatch(file: file.hash, term: number)
            }
            for chunk in term.chunks.start..<term.chunks.end {
                tree.append(index.chunkHashes[chunk], byteCount: index.unpackedByteCount(of: chunk))
            }
        }
        guard tree.fileHash == file.hash else {
            throw ShardCheckError.fileHashMismatch(expected: tree.fileHash, found: file.hash)
        }
    }
}

/// Why the files of a shard cannot be made known.
public enum ShardCheckError: Error, Hashable, Sendable {
    /// The xorb is not kept; a shard may come only after its xorbs.
    case unknownXorb(XorbHash)
    /// The shard lists another number of chunks than the xorb has.
    case chunkCountMismatch(xorb: XorbHash, expected: Int, found: Int)
    /// The shard lists a chunk with another hash or place than it has in the xorb.
    case chunkMismatch(xorb: XorbHash, chunk: Int)
    /// The file has no verification hashes.
    case noVerification(file: FileHash)
    /// The term ends behind the last chunk of its xorb.
    case termOutOfBounds(file: FileHash, term: Int, end: Int, chunkCount: Int)
    /// The term states another unpacked length than its chunks have.
    case termLengthMismatch(file: FileHash, term: Int, expected: Int, found: Int)
    /// The verification hash is not that of the chunks of the term.
    case verificationMismatch(file: FileHash, term: Int)
    /// The terms make up another file.
    case fileHashMismatch(expected: FileHash, found: FileHash)
    /// More chunks than ``ShardCheck/maximumChunkCount``.
    case tooManyChunks(maximum: Int)
}
