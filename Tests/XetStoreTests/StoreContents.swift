import NIOCore
import XetAccess
import XetCore
import XetTestSupport
import _NIOFileSystem

/// Files, xorbs and shards to put into stores.
enum StoreContents {
    /// The chunks of some bytes.
    static func chunks(of input: [UInt8]) -> [[UInt8]] {
        var start = 0
        return Chunker.cuts(of: input).map { end in
            defer { start = end }
            return Array(input[start..<end])
        }
    }

    /// One xorb of all chunks.
    static func xorb(_ chunks: [[UInt8]]) throws -> SerializedXorb {
        var builder = XorbBuilder()
        for chunk in chunks {
            try builder.append(chunk.rawSpan, hash: ChunkHash(ofChunk: chunk))
        }
        return try builder.finish()
    }

    /// A file of whole ranges of xorbs, with the proofs that belong to it.
    static func file(_ parts: [(XorbIndex, Range<Int>)], sha256: SHA256Digest? = .zero) throws -> ShardFile {
        var tree = MerkleTree()
        var terms: [Term] = []
        var verification: [VerificationHash] = []
        for (index, chunks) in parts {
            guard let range = ChunkRange(start: chunks.lowerBound, end: chunks.upperBound),
                let byteCount = index.unpackedByteCount(of: range),
                let proof = index.verificationHash(of: range)
            else { throw ContentError.noSuchChunks(chunks) }
            terms.append(try Term(xorb: index.hash, chunks: range, unpackedByteCount: byteCount))
            verification.append(proof)
            for chunk in chunks {
                tree.append(index.chunkHashes[chunk], byteCount: index.unpackedByteCount(of: chunk))
            }
        }
        return try ShardFile(hash: tree.fileHash, terms: terms, verification: verification, sha256: sha256)
    }

    enum ContentError: Error {
        case noSuchChunks(Range<Int>)
    }

    /// Lends a folder that is removed afterwards.
    static func withFolder<Result>(_ body: (FilePath) async throws -> Result) async throws -> Result {
        let fileSystem = FileSystem.shared
        let folder = try await fileSystem.createTemporaryDirectory(template: "/tmp/xet-store-XXXXXX")
        do {
            let result = try await body(folder)
            try await fileSystem.removeItem(at: folder)
            return result
        } catch {
            try await fileSystem.removeItem(at: folder)
            throw error
        }
    }
}

extension XorbStore {
    /// The bytes of a range in one array.
    func bytes(_ range: HTTPByteRange, of xorb: XorbHash) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await read(range, of: xorb) { bytes.append(contentsOf: $0.readableBytesView) }
        return bytes
    }
}
