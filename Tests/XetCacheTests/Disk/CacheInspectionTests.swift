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

    private static func fill(_ path: FilePath) async throws {
        let store = try await DiskChunkStore.open(path, byteLimit: 1 << 20)
        try await ChunkStoreSuite.put(try Self.samples(1)[0], into: store)
        await store.close()
    }

    private static func set(_ version: Int, _ index: FilePath) throws {
        let database = try Database(index.string, cacheByteCount: 1 << 20)
        try database.execute("PRAGMA user_version = \(version)")
    }
}
