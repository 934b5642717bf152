import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetBundle
import XetCache
import XetCore
import XetStoreTestSupport
import XetTestSupport

@testable import XetSharing

@Suite struct StoreImportTests {
    private func range(_ start: Int, _ end: Int) throws -> ChunkRange {
        try #require(ChunkRange(start: start, end: end))
    }

    /// Reads ranges of a file through a cache that nobody else stands behind.
    private func read(_ file: SampleFile, _ site: ImportSite, _ start: Int, _ end: Int) async throws -> [UInt8] {
        let (shared, kept) = (site.shared(), MemoryCacheStore(byteLimit: 64 << 20))
        let cache = ChunkCache(SharedXorbSource(Nobody(), shared), store: kept, imported: SharedImports(shared))
        let range = try #require(FileByteRange(start: UInt64(start), end: UInt64(end)))
        let found = try await cache.reconstructions(Nobody()).reconstruction(of: file.hash, range: range)
        let plan = try #require(found)
        var bytes: [UInt8] = []
        for term in plan.terms {
            let info = try #require(plan.fetches[term.xorb]?.containing(term.chunks))
            #expect(info.url == .shared)
            var serialized: [UInt8] = []
            try await cache.source.fetch(XorbFetch(xorb: term.xorb, info: info)) { piece in
                serialized += piece.bytes.readableBytesView
            }
            #expect(serialized.count == Int(info.bytes.count))
            bytes += try unpacked(serialized[...]).dropFirst(term.chunks.start - info.chunks.start)
                .prefix(term.chunks.count).flatMap(\.self)
        }
        return Array(bytes.dropFirst(Int(plan.offsetIntoFirstTerm)).prefix(end - start))
    }

    private func unpacked(_ serialized: ArraySlice<UInt8>) throws -> [[UInt8]] {
        var (rest, chunks): (ArraySlice<UInt8>, [[UInt8]]) = (serialized, [])
        var unpacker = ChunkUnpacker()
        while !rest.isEmpty {
            let bytes = Array(rest)
            let header = try ChunkHeader(parsing: bytes.rawSpan)
            let end = header.serializedByteCount
            chunks.append(
                try unpacker.unpack(header, payload: bytes.rawSpan.extracting(ChunkHeader.byteCount..<end))
            )
            rest = rest.dropFirst(end)
        }
        return chunks
    }

    @Test(arguments: SampleFile.Shape.allCases)
    func `what was imported is read without anybody else`(_ shape: SampleFile.Shape) async throws {
        let (site, file) = (ImportSite(), try SampleFile(seed: 5, shape: shape, chunkCount: 200))
        try await site.put(file, termCount: 3)
        let count = file.bytes.count
        for (start, end) in [(0, count), (0, 1), (count - 1, count), (count / 3, count / 2)] {
            #expect(try await read(file, site, start, end) == Array(file.bytes[start..<end]))
        }
        let imports = SharedImports(site.shared())
        #expect(try await imports.has(file.hash))
        let other = try SampleFile(seed: 6, shape: .plain)
        #expect(try await !imports.has(other.hash))
        #expect(try await imports.part(of: other.hash, holding: try #require(FileByteRange(start: 0, end: 1))) == nil)
    }

    @Test func `who is offline looks for nothing in vain`() async throws {
        let (site, file) = (ImportSite(), try SampleFile(seed: 5, shape: .plain, chunkCount: 200))
        try await site.put(file)
        let before = site.store.calls.count
        _ = try await read(file, site, 0, file.bytes.count)
        let objects = site.store.objects.keys
        let asked = site.store.calls[before...].compactMap { call in
            if case .get(let name, _) = call { name } else { nil }
        }
        #expect(asked.allSatisfy { objects.contains($0) })
        // Its terms; of each block the header, and the chunks.
        let blocks = objects.filter { $0.contains("/imports/") }.count
        #expect(asked.count == 1 + 2 * blocks)
    }

    @Test func `a cache knows before it reads that all is there`() async throws {
        let (site, file) = (ImportSite(), try SampleFile(seed: 5, shape: .mixed))
        try await site.put(file)
        let shared = site.shared()
        let kept = MemoryCacheStore(byteLimit: 64 << 20)
        let cache = ChunkCache(Nobody(), store: kept, imported: SharedImports(shared))
        let all = try #require(FileByteRange(start: 0, end: UInt64(file.bytes.count)))
        #expect(try await cache.missing(all, of: file.hash) == nil)
        #expect(try await ChunkCache(Nobody(), store: kept).missing(all, of: file.hash) == 0)
        site.store.failure = ObjectStoreError(.away, "away")
        let other = ChunkCache(Nobody(), store: kept, imported: SharedImports(site.shared()))
        await #expect(throws: XetError.self) { _ = try await other.missing(all, of: file.hash) }
    }

    @Test func `only what is missing is written`() async throws {
        let site = ImportSite()
        let file = try SampleFile(ranges: [0..<300], chunkCount: 300, chunkByteCount: 60)
        let xorb = try #require(file.xorbs.keys.first)
        let first = try await site.importer(file, 10..<140)
        var chunks = ChunkSet()
        chunks.insert(xorb, try range(10, 140))
        try await first.put(chunks) { _ in }
        #expect(site.names("imports") == ["0-0", "1-0"])
        let whole = try await site.importer(file)
        try await whole.put(site.chunks(of: file)) { _ in }
        // In front of what is there, and behind it.
        #expect(site.names("imports") == ["0-0", "0-1", "1-0", "1-1", "2-0"])
        let written = site.store.objects.filter { $0.key.contains("/imports/") }
        let again = try await site.importer(file)
        try await again.put(site.chunks(of: file)) { _ in }
        #expect(again.tally.writtenByteCount == 0)
        #expect(again.tally.keptByteCount == file.xorbs.values.first?.chunks.count)
        #expect(site.store.objects.filter { $0.key.contains("/imports/") } == written)
        let entries = try await again.entries(of: xorb, in: try range(5, 290))
        #expect(entries.count == 285)
        #expect(entries.first?.hash == ChunkHash(ofChunk: Array(file.bytes[300..<360])))
    }

    @Test func `chunks that are nowhere are an error`() async throws {
        let site = ImportSite()
        let file = try SampleFile(ranges: [0..<20], chunkCount: 20, chunkByteCount: 60)
        let importer = try await site.importer(file, 0..<10)
        let xorb = try #require(file.xorbs.keys.first)
        await #expect(throws: StoreImportError.missingChunks(xorb: xorb, chunks: try range(0, 20))) {
            try await importer.put(site.chunks(of: file)) { _ in }
        }
        #expect(try await importer.entries(of: xorb, in: try range(0, 20)).isEmpty)
    }

    @Test func `what rotted is written anew`() async throws {
        let (site, file) = (ImportSite(), try SampleFile(seed: 7, shape: .plain))
        try await site.put(file)
        let right = site.store.objects
        for name in right.keys {
            for change in [{ $0.dropLast() }, { bytes in bytes.dropLast(10) + [1] + bytes.suffix(9) }]
                as [([UInt8]) -> ArraySlice<UInt8>]
            {
                site.store.set(Array(change(right[name] ?? [])), as: name)
                try await site.put(file)
                #expect(site.store.objects == right)
            }
        }
    }

    @Test func `who is offline writes nothing, and pruning leaves what was imported`() async throws {
        let (site, file) = (ImportSite(), try SampleFile(seed: 8, shape: .plain))
        try await site.put(file)
        let before = site.store.objects
        _ = try await read(file, site, 0, file.bytes.count)
        let outcome = try await StorePruning(site.store).prune(before: .max)
        #expect(outcome.removedCount == 0)
        #expect(site.store.objects == before)
    }
}
