import Testing
import XetCore
import XetTestSupport

/// The values that `golden.json` describes.
enum ShardContents {
    static func file(_ golden: Golden.ShardContent.File) throws -> ShardFile {
        try ShardFile(
            hash: try #require(FileHash(golden.fileHash)),
            terms: golden.terms.map(term),
            verification: golden.verification.map { try #require(VerificationHash($0)) },
            sha256: SHA256Digest(golden.sha256)
        )
    }

    static func term(_ golden: Golden.Term) throws -> Term {
        try Term(
            xorb: try #require(XorbHash(golden.xorb)),
            chunks: try #require(ChunkRange(start: golden.start, end: golden.end)),
            unpackedByteCount: golden.unpackedLength
        )
    }

    static func xorb(_ golden: Golden.ShardContent.Xorb) throws -> ShardXorb {
        let chunks = try golden.chunks.map { chunk in
            ShardChunk(
                hash: try #require(ChunkHash(chunk.hash)),
                unpackedStart: chunk.start,
                unpackedByteCount: chunk.length,
                isDedupEligible: chunk.flags == "80000000"
            )
        }
        return try ShardXorb(
            hash: try #require(XorbHash(golden.xorb)),
            chunks: chunks,
            serializedByteCount: golden.numBytesOnDisk
        )
    }

    static func footer(_ golden: Golden.ShardContent.Footer) throws -> ShardFooter {
        let key = try #require([UInt8](hex: golden.key))
        return ShardFooter(
            key: ChunkHashKey(array: key),
            creationTime: golden.created,
            keyExpiry: try #require(UInt64(golden.keyExpiry))
        )
    }

    static func shard(_ golden: Golden.ShardContent) throws -> Shard {
        Shard(
            files: try golden.files.map(file),
            xorbs: try golden.xorbs.map(xorb),
            footer: try golden.footer.map(footer)
        )
    }

    /// A chunk list of which only the hashes matter.
    static func xorb(_ hash: XorbHash, _ chunks: [ChunkHash], byteCount: Int = 10) throws(ShardError) -> ShardXorb {
        try ShardXorb(
            hash: hash,
            chunks: chunks.enumerated().map { index, hash in
                ShardChunk(
                    hash: hash,
                    unpackedStart: index * byteCount,
                    unpackedByteCount: byteCount,
                    isDedupEligible: false
                )
            },
            serializedByteCount: 0
        )
    }

    /// A hash with these words.
    static func hash<Role>(_ words: UInt64...) -> ContentHash<Role> {
        let padded = words + [UInt64](repeating: 0, count: 4 - words.count)
        return ContentHash(words: (padded[0], padded[1], padded[2], padded[3]))
    }
}
