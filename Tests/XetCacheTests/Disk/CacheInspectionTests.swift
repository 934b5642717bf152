import Testing
import XetAccess
import XetCore
import XetStore
import _NIOFileSystem

@testable import XetCache

@Suite struct CacheInspectionTests {
    private static func withStore(
        _ body: @Sendable (FilePath, DiskChunkStore) async throws -> Void
    ) async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, folder in
            let path = folder.appending("cache")
            let store = try await DiskChunkStore.open(path, byteLimit: 1 << 30, time: { 1000 })
            do {
                try await body(path, store)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    private static func samples(_ count: Int) throws -> [ChunkStoreSuite.Sample] {
        try (0..<count).map { try ChunkStoreSuite.Sample(seed: UInt64($0), chunks: try ChunkStoreSuite.chunks(0, 5)) }
    }

    @Test func `a summary says what is proven`() async throws {
        try await Self.withStore { _, store in
            #expect(try await store.summary().oldest == nil)
            let samples = try Self.samples(3)
            for sample in samples { try await ChunkStoreSuite.put(sample, into: store) }
            let all = samples.reduce(0) { $0 + $1.bytes.count }
            var summary = try await store.summary()
            #expect(summary.byteCount == store.byteCount && summary.byteCount > all)
            #expect(summary.runCount == 3 && summary.chunkCount == 15 && summary.oldest == 1000)
            #expect(summary.provisionalByteCount == all)
            for (number, sample) in samples.enumerated() {
                let run = try #require(
                    try await store.runs(of: sample.contents.xorb, in: sample.contents.chunks).first
                )
                var records = run.contents.records
                for index in records.indices.dropLast(number == 2 ? 1 : 0) { records[index].isProven = true }
                for _ in 0..<2 { try await store.note(records, of: run.id) }
                if number == 1 { try await store.remove(run.id) }
            }
            summary = try await store.summary()
            #expect(summary.provisionalByteCount == samples[2].bytes.count)
            for sample in samples {
                for run in try await store.runs(of: sample.contents.xorb, in: sample.contents.chunks) {
                    try await store.remove(run.id)
                }
            }
            summary = try await store.summary()
            #expect(summary.provisionalByteCount == 0 && summary.runCount == 0 && summary.oldest == nil)
        }
    }

    @Test func `what is damaged is dropped, and the rest is right`() async throws {
        try await Self.withStore { path, store in
            for sample in try Self.samples(20) { try await ChunkStoreSuite.put(sample, into: store) }
            let right = try await store.verify()
            #expect(right.runCount == 20 && right.damagedRunCount == 0)
            var segments: [FilePath] = []
            for folder in CacheFolder(path).segmentFolders {
                segments += try await FileSystem.shared.entries(of: folder).map(\.path)
            }
            // One is gone, one is short, one has another byte.
            try await FileSystem.shared.removeItem(at: segments[0])
            for (segment, byte) in [(segments[1], nil), (segments[2], UInt8(0xA5))] {
                let file = try FileDescriptor.open(segment, .readWrite)
                try file.closeAfter {
                    if let byte { try file.writeAll(toAbsoluteOffset: 20, [byte]) } else { try file.resize(to: 30) }
                }
            }
            var seen = 0
            let found = try await store.verify { seen = $0 }
            #expect(found.runCount == 17 && found.damagedRunCount == 3)
            #expect(seen == right.byteCount && found.byteCount + found.damagedByteCount == seen)
            #expect(try await store.verify() == CacheVerification(runCount: 17, byteCount: found.byteCount))
        }
    }

    @Test(arguments: [0, 50, 1000])
    func `what is too much is dropped`(percent: Int) async throws {
        try await Self.withStore { path, store in
            for sample in try Self.samples(20) { try await ChunkStoreSuite.put(sample, into: store) }
            let before = store.byteCount
            let size = before * percent / 100
            try await store.prune(to: size)
            #expect(store.byteCount <= size && (size == 0) == (store.runCount == 0))
            if size > before { #expect(store.byteCount == before) }
        }
    }

    @Test func `no cache is made where there is none`() async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, folder in
            let path = folder.appending("none")
            let error = await #expect(throws: CacheFolderError.self) {
                try await DiskChunkStore.open(path, isExisting: true)
            }
            #expect(error == .missing(path: path.string))
            let info = try await FileSystem.shared.info(forFileAt: path)
            #expect(info == nil)
        }
    }

    @Test(arguments: [1, 3])
    func `an older index is begun anew, a newer one left alone`(version: Int) async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, folder in
            let path = folder.appending("cache")
            try await Self.fill(path)
            try Self.set(version, CacheFolder(path).index)
            if version == 1 {
                let again = try await DiskChunkStore.open(path, byteLimit: 1 << 20)
                #expect(again.runCount == 0)
                await again.close()
            } else {
                await #expect(throws: SegmentIndexError.otherVersion(3, isOlder: false)) {
                    try await DiskChunkStore.open(path, byteLimit: 1 << 20)
                }
            }
        }
    }

    /// What rots in a row of the index, or stands in another's place.
    @Test(arguments: [
        "UPDATE record SET records = zeroblob(length(records))",
        "UPDATE record SET records = (SELECT records FROM record LIMIT 1 OFFSET 1)",
        "UPDATE run SET first = first + 1", "UPDATE run SET count = count + 1", "UPDATE run SET place = place + 1",
        "UPDATE run SET count = 9000000", "UPDATE run SET first = -1",
        "UPDATE run SET xorb = (SELECT xorb FROM run LIMIT 1 OFFSET 1)", "UPDATE run SET xorb = x'00'",
        "UPDATE record SET records = x''", "UPDATE record SET id = id + 1000",
    ])
    func `a row that is not as it was written gives nothing`(change: String) async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, folder in
            let path = folder.appending("cache")
            try await Self.fill(path, count: 3)
            try Database(CacheFolder(path).index.string, cacheByteCount: 1 << 20).execute(change)
            let store = try await DiskChunkStore.open(path, byteLimit: 1 << 20)
            let all = try #require(ChunkRange(start: 0, end: 20))
            // A record that was put in the place of all is right in one place.
            var foundCount = 0
            for (number, sample) in try Self.samples(3).enumerated() {
                for run in try await store.runs(of: sample.contents.xorb, in: all) {
                    #expect(run.contents == sample.contents && number == 1)
                    foundCount += 1
                }
            }
            #expect(foundCount <= 1)
            await store.close()
        }
    }

    @Test(arguments: [
        "UPDATE part SET terms = zeroblob(length(terms))", "UPDATE part SET first = first + 1",
        "UPDATE part SET last = last + 1", "UPDATE part SET terms = x''", "UPDATE part SET file = zeroblob(32)",
    ])
    func `terms that are not as they were written are none, and can be written again`(change: String) async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, folder in
            let path = folder.appending("cache")
            let sample = try Self.samples(1)[0].contents
            let part = FilePart(
                start: 100,
                terms: [try Term(xorb: sample.xorb, chunks: sample.chunks, unpackedByteCount: 1000)]
            )
            let file = FileHash(words: (1, 2, 3, 4))
            try await Self.keep(part, of: file, path)
            try Database(CacheFolder(path).index.string, cacheByteCount: 1 << 20).execute(change)
            let range = try #require(FileByteRange(start: 200, end: 300))
            let store = try await DiskChunkStore.open(path, byteLimit: 1 << 20)
            for file in [file, FileHash.zero] {
                #expect(try await store.part(of: file, holding: range) == nil)
                #expect(try await store.parts(of: file).isEmpty)
            }
            try await store.keep(part, of: file)
            #expect(try await store.part(of: file, holding: range) == part)
            await store.close()
        }
    }

    @Test func `an index that was found damaged is begun anew`() async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, folder in
            let path = folder.appending("cache")
            try await Self.fill(path)
            try CacheFolder(path).markDamaged()
            for _ in 0..<2 {
                let count = try await Self.runCount(path)
                #expect(count == 0)
            }
        }
    }

    private static func runCount(_ path: FilePath) async throws -> Int {
        let store = try await DiskChunkStore.open(path, byteLimit: 1 << 20)
        await store.close()
        return store.runCount
    }

    private static func keep(_ part: FilePart, of file: FileHash, _ path: FilePath) async throws {
        let store = try await DiskChunkStore.open(path, byteLimit: 1 << 20)
        try await store.keep(part, of: file)
        await store.close()
    }

    private static func fill(_ path: FilePath, count: Int = 1) async throws {
        let store = try await DiskChunkStore.open(path, byteLimit: 1 << 20)
        for sample in try Self.samples(count) { try await ChunkStoreSuite.put(sample, into: store) }
        await store.close()
    }

    private static func set(_ version: Int, _ index: FilePath) throws {
        let database = try Database(index.string, cacheByteCount: 1 << 20)
        try database.execute("PRAGMA user_version = \(version)")
    }
}
