package import NIOCore
package import XetAccess
package import XetCore

/// What a bundle says, one after the other.
package enum BundleRecord: Hashable, Sendable {
    case contents(BundleContents)
    case answer(ArchivedAnswer)
    case file(BundledFile)
    case chunks(BundledRun)
    case end(BundleEnd)
}

/// What a bundle is of.
package struct BundleContents: Hashable, Sendable {
    /// A repository at a commit.
    package struct Source: Hashable, Sendable {
        /// As in ``XetAccess/ArchivedAnswer/repository``.
        package let repository: String
        /// What was asked for: a branch, a tag or a commit.
        package let revision: String
        /// What that meant.
        package let commit: String
        /// Whether everybody may read it: the Hub gave it without a token.
        package let isPublic: Bool

        package init(repository: String, revision: String, commit: String, isPublic: Bool) {
            self.repository = repository
            self.revision = revision
            self.commit = commit
            self.isPublic = isPublic
        }
    }

    package let sources: [Source]

    package init(sources: [Source]) {
        self.sources = sources
    }
}

/// Terms of a file; those of a long one stand in several records, one behind the other.
package struct BundledFile: Hashable, Sendable {
    package let hash: FileHash
    /// Length of the whole file.
    package let byteCount: UInt64
    package let part: FilePart

    package init(hash: FileHash, byteCount: UInt64, part: FilePart) {
        self.hash = hash
        self.byteCount = byteCount
        self.part = part
    }
}

/// Chunks of a xorb that follow one another, as they are serialized there.
package struct BundledRun: Hashable, Sendable {
    /// What is said of a chunk.
    package struct Record: Hashable, Sendable {
        package let serializedByteCount: Int
        package let unpackedByteCount: Int
        package let hash: ChunkHash

        package init(serializedByteCount: Int, unpackedByteCount: Int, hash: ChunkHash) {
            self.serializedByteCount = serializedByteCount
            self.unpackedByteCount = unpackedByteCount
            self.hash = hash
        }
    }

    package let xorb: XorbHash
    package let chunks: ChunkRange
    /// Where the first of them begins in the serialized xorb.
    package let firstByte: UInt64
    /// One for each chunk.
    package let records: [Record]
    /// The serialized chunks.
    package let bytes: ByteBuffer

    package init(
        xorb: XorbHash,
        chunks: ChunkRange,
        firstByte: UInt64,
        records: [Record],
        bytes: ByteBuffer
    ) {
        self.xorb = xorb
        self.chunks = chunks
        self.firstByte = firstByte
        self.records = records
        self.bytes = bytes
    }
}

/// How much of everything a bundle has.
package struct BundleEnd: Hashable, Sendable {
    package internal(set) var answerCount: UInt64 = 0
    /// Files whose last terms are there.
    package internal(set) var fileCount: UInt64 = 0
    package internal(set) var runCount: UInt64 = 0
    package internal(set) var chunkCount: UInt64 = 0
    /// Serialized bytes of the chunks.
    package internal(set) var chunkByteCount: UInt64 = 0

    package init() {}

    mutating func note(_ run: BundledRun) {
        runCount += 1
        chunkCount += UInt64(run.chunks.count)
        chunkByteCount += UInt64(run.bytes.readableBytes)
    }
}

extension BundleContents {
    /// What bundles of the same repositories at the same commits have in common, and others do not: 32 hex digits.
    package var identifier: String {
        get throws {
            var buffer = ByteBuffer()
            try write(to: &buffer)
            return String(ChunkHash(ofChunk: buffer.readableBytesSpan).text.prefix(32))
        }
    }
}
