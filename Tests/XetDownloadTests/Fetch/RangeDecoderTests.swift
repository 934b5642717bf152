import NIOCore
import Synchronization
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct RangeDecoderTests {
    /// Keeps hashes, and the chunks that were asked for.
    private final class Book: ChunkHashes {
        private let state: Mutex<(known: [Int: ChunkHash], noted: [Int: ChunkHash])>

        init(_ known: [Int: ChunkHash] = [:]) {
            state = Mutex((known, [:]))
        }

        var noted: [Int: ChunkHash] { state.withLock { $0.noted } }

        func hash(of chunk: Int) -> ChunkHash? { state.withLock { $0.known[chunk] } }
        func note(_ hash: ChunkHash, of chunk: Int) -> Bool {
            state.withLock { $0.noted[chunk] = hash }
            return true
        }
    }

    private let file: SampleFile
    private let fetch: PlannedFetch
    private let serialized: [UInt8]

    init() throws {
        file = try SampleFile(chunks: (0..<8).map { number in [UInt8](repeating: UInt8(number), count: 5000) })
        let part = try #require(FileByteRange(start: 10_000, end: 20_000))
        let reconstruction = try #require(try file.reconstruction(part) { "https://cdn.example/\($0)" })
        let plan = try DownloadPlan(reconstruction, window: part, retainedByteLimit: 0)
        fetch = try #require(plan.fetches.first)
        serialized = try #require(file.xorbs.values.first).chunks
    }

    private func decoder(in chunks: ChunkRange, isHashing: Bool = true) -> RangeDecoder {
        RangeDecoder(fetch, in: chunks, isHashing: isHashing, unpackers: UnpackerPool())
    }

    private static func chunks(of piece: XorbPiece, _ decoder: inout RangeDecoder) throws -> [DecodedBatch.Chunk] {
        var offset = 0
        var chunks: [DecodedBatch.Chunk] = []
        while let batch = try decoder.next(in: piece, from: &offset, skippingBefore: 0) { chunks += batch.chunks }
        return chunks
    }

    private func hash(_ chunk: Int) -> ChunkHash {
        ChunkHash(ofChunk: [UInt8](repeating: UInt8(chunk), count: 5000))
    }

    @Test func `of a longer range the planned chunks are taken`() throws {
        #expect(fetch.info.chunks == ChunkRange(start: 2, end: 4))
        var decoder = decoder(in: try #require(ChunkRange(start: 0, end: 8)))
        let chunks = try Self.chunks(of: XorbPiece(ByteBuffer(bytes: serialized)), &decoder)
        #expect(chunks.map(\.index) == [2, 3])
        #expect(chunks.map(\.hash) == [hash(2), hash(3)])
    }

    @Test func `hashes that are known are taken over, others are noted`() throws {
        let (known, other) = (hash(7), hash(3))
        let book = Book([2: known])
        var decoder = decoder(in: try #require(ChunkRange(start: 0, end: 8)))
        let chunks = try Self.chunks(of: XorbPiece(ByteBuffer(bytes: serialized), hashes: book), &decoder)
        #expect(chunks.map(\.hash) == [known, other])
        #expect(book.noted == [3: other])
    }

    @Test func `who needs no hashes asks for none`() throws {
        let book = Book([2: hash(2)])
        var decoder = decoder(in: try #require(ChunkRange(start: 0, end: 8)), isHashing: false)
        let chunks = try Self.chunks(of: XorbPiece(ByteBuffer(bytes: serialized), hashes: book), &decoder)
        #expect(chunks.map(\.hash) == [nil, nil])
        #expect(book.noted.isEmpty)
    }
}
