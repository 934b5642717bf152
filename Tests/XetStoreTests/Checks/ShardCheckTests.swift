import Testing
import XetAccess
import XetCore
import XetStore
import XetStoreTestSupport
import XetTestSupport

@Suite struct ShardCheckTests {
    private let store = MemoryXorbStore()
    private let index: XorbIndex
    private let xorb: SerializedXorb

    init() throws {
        xorb = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(500_000, seed: 51)))
        index = xorb.index
    }

    private func check(_ files: [ShardFile], _ xorbs: [ShardXorb] = []) async throws {
        try await store.put(xorb)
        try await ShardCheck(xorbs: store).check(Shard(files: files, xorbs: xorbs))
    }

    /// The file of chunks 1 and 2, with changes.
    private func file(
        hash: FileHash? = nil,
        end: Int = 3,
        extraBytes: Int = 0,
        verification: [VerificationHash]?? = nil
    ) throws -> ShardFile {
        let good = try StoreContents.file([(index, 1..<3)])
        let range = try #require(ChunkRange(start: 1, end: end))
        let term = try Term(
            xorb: index.hash,
            chunks: range,
            unpackedByteCount: good.terms[0].unpackedByteCount + extraBytes
        )
        return try ShardFile(
            hash: hash ?? good.hash,
            terms: [term],
            verification: verification ?? good.verification,
            sha256: .zero
        )
    }

    @Test func `takes what is right`() async throws {
        try await check([file(), StoreContents.file([])], [ShardXorb(index)])
    }

    @Test func `takes what the reference client uploads`() async throws {
        let golden = try Golden.load()
        let store = MemoryXorbStore()
        for xorb in golden.xorbs {
            try await store.put(SerializedXorb(verifying: Vectors.golden(xorb.file)))
        }
        #expect(golden.uploads.count == 7)
        for upload in golden.uploads {
            try await ShardCheck(xorbs: store).check(Shard(parsing: Vectors.golden(upload.file)))
        }
    }

    @Test func `refuses a file without proofs`() async throws {
        let file = try file(verification: .some(nil))
        await #expect(throws: ShardCheckError.noVerification(file: file.hash)) { try await check([file]) }
    }

    @Test func `refuses a wrong proof`() async throws {
        let range = try #require(ChunkRange(start: 0, end: 2))
        let wrong = try #require(index.verificationHash(of: range))
        let file = try file(verification: [wrong])
        await #expect(throws: ShardCheckError.verificationMismatch(file: file.hash, term: 0)) {
            try await check([file])
        }
    }

    @Test func `refuses a wrong length`() async throws {
        let file = try file(extraBytes: -1)
        let count = file.terms[0].unpackedByteCount
        await #expect(
            throws: ShardCheckError.termLengthMismatch(file: file.hash, term: 0, expected: count + 1, found: count)
        ) {
            try await check([file])
        }
    }

    @Test func `refuses chunks that the xorb does not have`() async throws {
        let end = index.chunkCount + 1
        let file = try file(end: end)
        await #expect(
            throws: ShardCheckError.termOutOfBounds(file: file.hash, term: 0, end: end, chunkCount: end - 1)
        ) {
            try await check([file])
        }
    }

    @Test func `refuses another file's name`() async throws {
        let good = try file()
        let file = try file(hash: .zero)
        await #expect(throws: ShardCheckError.fileHashMismatch(expected: good.hash, found: .zero)) {
            try await check([file])
        }
    }

    @Test func `refuses an empty file with a name`() async throws {
        let name = try file().hash
        let file = try ShardFile(hash: name, terms: [], verification: [], sha256: .zero)
        await #expect(throws: ShardCheckError.fileHashMismatch(expected: .zero, found: name)) {
            try await check([file])
        }
    }

    @Test func `refuses a xorb that is listed but not kept`() async throws {
        let other = try StoreContents.xorb([Array("not kept".utf8)]).index
        let file = try StoreContents.file([(other, 0..<1)])
        await #expect(throws: ShardCheckError.unknownXorb(other.hash)) {
            try await check([file], [ShardXorb(other)])
        }
        await #expect(throws: ShardCheckError.unknownXorb(other.hash)) { try await check([file]) }
    }

    @Test func `refuses a list of other chunks`() async throws {
        let listed = try ShardXorb(index)
        let shorter = try ShardXorb(hash: index.hash, chunks: Array(listed.chunks.dropLast()), serializedByteCount: 0)
        await #expect(
            throws: ShardCheckError.chunkCountMismatch(
                xorb: index.hash,
                expected: index.chunkCount,
                found: index.chunkCount - 1
            )
        ) {
            try await check([], [shorter])
        }
        let other = try StoreContents.xorb(StoreContents.chunks(of: Inputs.splitmix(500_000, seed: 52))).index
        let swapped = try ShardXorb(
            hash: index.hash,
            chunks: Array(try ShardXorb(other).chunks.prefix(index.chunkCount)),
            serializedByteCount: 0
        )
        if swapped.chunks.count == index.chunkCount {
            await #expect(throws: ShardCheckError.chunkMismatch(xorb: index.hash, chunk: 0)) {
                try await check([], [swapped])
            }
        }
    }
}
