import BLAKE3
import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetBundle
import XetBundleTestSupport
import XetCache
import XetCore
import XetStoreTestSupport
import XetTestSupport

@testable import XetSharing

/// A store into which files are imported, and proxies that are offline.
struct ImportSite {
    let store = MemoryObjectStore(pieceByteCount: 500)
    let area = SharedArea(secret: Array("a secret of the site".utf8))

    /// An import of what is kept of a file: all its chunks, or some of its only xorb.
    func importer(_ file: SampleFile, _ chunks: Range<Int>? = nil) async throws -> StoreImport {
        let kept = MemoryCacheStore(byteLimit: 64 << 20)
        for (hash, used) in self.chunks(of: file).all {
            let xorb = try #require(file.xorbs[hash])
            try await Self.keep(hash, xorb, chunks ?? used.start..<used.end, file, in: kept)
        }
        return StoreImport(store, area: area, kept: kept)
    }

    private static func keep(
        _ hash: XorbHash,
        _ xorb: SerializedXorb,
        _ range: Range<Int>,
        _ file: SampleFile,
        in kept: MemoryCacheStore
    ) async throws {
        let chunks = try #require(ChunkRange(start: range.lowerBound, end: range.upperBound))
        let bytes = try #require(xorb.index.serializedRange(of: chunks))
        var records: [BundledRun.Record] = []
        for chunk in range {
            let one = try #require(ChunkRange(start: chunk, end: chunk + 1))
            let serialized = try #require(xorb.index.serializedRange(of: one))
            let piece = try #require(file.pieces.first { $0.xorb == hash && $0.chunk == chunk })
            records.append(
                BundledRun.Record(
                    serializedByteCount: Int(serialized.count),
                    unpackedByteCount: piece.end - piece.start,
                    hash: ChunkHash(ofChunk: Array(file.bytes[piece.start..<piece.end]))
                )
            )
        }
        let run = BundledRun(
            xorb: hash,
            chunks: chunks,
            firstByte: bytes.first,
            records: records,
            bytes: ByteBuffer(bytes: xorb.chunks[Int(bytes.first)...Int(bytes.last)])
        )
        let contents = try run.checked()
        let writer = try #require(try await kept.writer(byteCount: contents.byteCount))
        try await writer.append([run.bytes])
        _ = try await writer.commit(contents)
    }

    /// All chunks of a file.
    func chunks(of file: SampleFile) -> ChunkSet {
        var chunks = ChunkSet()
        for term in file.terms { chunks.insert(term.xorb, term.chunks) }
        return chunks
    }

    /// Imports a file whole, its terms `termCount` to an object.
    func put(_ file: SampleFile, termCount: Int = 1000) async throws {
        let importer = try await importer(file)
        try await importer.put(chunks(of: file)) { _ in }
        var (parts, rest): ([FilePart], ArraySlice<Term>) = ([], file.terms[...])
        while !rest.isEmpty {
            parts.append(FilePart(start: parts.last?.end ?? 0, terms: Array(rest.prefix(termCount))))
            rest = rest.dropFirst(termCount)
        }
        try await importer.put(file.hash, byteCount: UInt64(file.bytes.count), parts)
    }

    /// What a proxy without a disk uses.
    func shared(isOffline: Bool = true) -> SharedBlocks {
        SharedBlocks(store, area: area, kept: MemoryCacheStore(byteLimit: 64 << 20), isOffline: isOffline)
    }

    /// The names of objects of a kind, without what is before it.
    func names(_ kind: String) -> [String] {
        store.objects.keys.compactMap { $0.split(separator: "/\(kind)/").last.map(String.init) == $0 ? nil : $0 }
            .filter { $0.contains("/\(kind)/") }.map { String($0.split(separator: "/").last ?? "") }.sorted()
    }
}

/// A reconstruction source and data hosts that nobody reaches.
struct Nobody: ReconstructionSource, XorbSource {
    func reconstruction(of file: FileHash, range: FileByteRange?) async throws -> Reconstruction? {
        throw XetError(.offline, "nobody is asked")
    }

    func fetch(_ fetch: XorbFetch, _ body: (XorbPiece) async throws -> Void) async throws {
        throw XetError(.offline, "nobody is asked")
    }
}
