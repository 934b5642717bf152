import NIOCore
import Testing
import XetAccess
import XetCore
import XetStore
import XetTestSupport
import _NIOFileSystem

@testable import XetCache

@Suite struct DiskChunkStoreTests {
    private static func withFolder(_ body: @Sendable (FilePath) async throws -> Void) async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, path in try await body(path.appending("cache")) }
    }

    private static func with(
        _ path: FilePath,
        byteLimit: Int? = 1 << 20,
        _ body: (DiskChunkStore) async throws -> Void
    ) async throws {
        let store = try await DiskChunkStore.open(path, byteLimit: byteLimit)
        do {
            try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    private static func files(in path: FilePath) async throws -> [FilePath] {
        var files: [FilePath] = []
        for folder in CacheFolder(path).segmentFolders {
            files += try await FileSystem.shared.entries(of: folder).map(\.path)
        }
        return files
    }

    @Test func `what every store does`() async throws {
        try await Self.withFolder { path in
            try await Self.with(path) { store in
                try await ChunkStoreSuite.run(on: store) { store.byteCount }
                #expect(try await Self.files(in: path).count == store.runCount)
            }
        }
    }

    @Test func `what was kept is there again`() async throws {
        try await Self.withFolder { path in
            let sample = try ChunkStoreSuite.Sample(seed: 1, chunks: try ChunkStoreSuite.chunks(3, 9))
            let file = FileHash(words: (1, 2, 3, 4))
            let term = try Term(xorb: sample.contents.xorb, chunks: sample.contents.chunks, unpackedByteCount: 1000)
            let part = FilePart(start: 5000, terms: [term])
            try await Self.with(path) { store in
                try await ChunkStoreSuite.put(sample, into: store)
                try await store.keep(part, of: file)
                try await store.keep(part, of: file)
            }
            try await Self.with(path) { store in
                let runs = try await store.runs(of: sample.contents.xorb, in: sample.contents.chunks)
                #expect(runs.map(\.contents) == [sample.contents])
                #expect(store.byteCount >= sample.bytes.count)
                let range = try #require(FileByteRange(start: 5500, end: 6000))
                #expect(try await store.part(of: file, holding: range) == part)
                #expect(try await store.parts(of: file) == [part])
                let beyond = try #require(FileByteRange(start: 5500, end: 6001))
                #expect(try await store.part(of: file, holding: beyond) == nil)
                try await store.forget(file)
                #expect(try await store.parts(of: file) == [])
                // Numbers are not used again.
                let next = try await ChunkStoreSuite.put(sample, into: store)
                #expect(runs.allSatisfy { $0.id != next.id })
            }
        }
    }

    @Test func `what is told again after chunks were kept forgets nothing`() async throws {
        try await Self.withFolder { path in
            let sample = try ChunkStoreSuite.Sample(seed: 1, chunks: try ChunkStoreSuite.chunks(3, 9))
            let term = try Term(xorb: sample.contents.xorb, chunks: sample.contents.chunks, unpackedByteCount: 1000)
            let part = FilePart(start: 0, terms: [term])
            let files = (0..<3).map { FileHash(words: ($0, 2, 3, 4)) }
            try await Self.with(path) { store in
                for file in files { try await store.keep(part, of: file) }
                // The first run of a process has a number that is a multiple of many.
                try await ChunkStoreSuite.put(sample, into: store)
                try await store.keep(part, of: files[0])
                for file in files { #expect(try await store.parts(of: file) == [part]) }
            }
        }
    }

    @Test func `what a killed process left is removed, and nothing else`() async throws {
        try await Self.withFolder { path in
            let sample = try ChunkStoreSuite.Sample(seed: 1, chunks: try ChunkStoreSuite.chunks(0, 9))
            try await Self.with(path) { store in
                try await ChunkStoreSuite.put(sample, into: store)
                // Neither committed nor abandoned.
                let writer = try #require(try await store.writer(byteCount: 1000))
                try await writer.append([ByteBuffer(string: "left over")])
            }
            #expect(try await Self.files(in: path).count == 2)
            try await Self.with(path) { store in
                let writer = try #require(try await store.writer(byteCount: 1000))
                try await writer.append([ByteBuffer(string: "on its way")])
                try await store.removeOrphans()
                #expect(try await Self.files(in: path).count == 1)
                #expect(try await store.runs(of: sample.contents.xorb, in: sample.contents.chunks).isEmpty == false)
            }
        }
    }

    @Test func `a file that is gone or short reads as such`() async throws {
        try await Self.withFolder { path in
            try await Self.with(path) { store in
                let sample = try ChunkStoreSuite.Sample(seed: 1, chunks: try ChunkStoreSuite.chunks(0, 9))
                let run = try await ChunkStoreSuite.put(sample, into: store)
                let file = try #require(try await Self.files(in: path).first)
                try await FileSystem.shared.withFileHandle(
                    forWritingAt: file,
                    options: .modifyFile(createIfNecessary: false)
                ) { try await $0.resize(to: .bytes(100)) }
                #expect(Array(buffer: try await store.read(50..<150, of: run.id)) == Array(sample.bytes[50..<100]))
                try await FileSystem.shared.removeItem(at: file)
                #expect(try await store.read(50..<150, of: run.id).readableBytes == 0)
            }
        }
    }

    @Test func `the folder is for one process, of its owner`() async throws {
        try await Self.withFolder { path in
            try await Self.with(path) { _ in
                await #expect(throws: CacheFolderError.inUse(path: path.string)) { try await DiskChunkStore.open(path) }
                let permissions = try await FileSystem.shared.info(forFileAt: path)?.permissions
                #expect(permissions == .ownerReadWriteExecute)
            }
            try await Self.with(path) { _ in }
        }
    }

    @Test func `a folder with something else in it is left alone`() async throws {
        try await Self.withFolder { path in
            try await FileSystem.shared.createDirectory(at: path, withIntermediateDirectories: false)
            let file = path.appending("thesis.doc")
            try await FileSystem.shared.replaceFile(at: file, with: Array("years of work".utf8))
            await #expect(throws: CacheFolderError.notEmpty(path: path.string, found: "thesis.doc")) {
                try await DiskChunkStore.open(path)
            }
            try await FileSystem.shared.removeItem(at: file)
            try await FileSystem.shared.replaceFile(at: path.appending("format"), with: Array("xet-cache 0\n".utf8))
            await #expect(throws: CacheFolderError.otherFormat(path: path.string, found: "xet-cache 0")) {
                try await DiskChunkStore.open(path)
            }
        }
    }

    @Test(arguments: [0, 100, 5000])
    func `a damaged index is begun anew`(place: Int) async throws {
        try await Self.withFolder { path in
            let sample = try ChunkStoreSuite.Sample(seed: 1, chunks: try ChunkStoreSuite.chunks(0, 9))
            try await Self.with(path) { store in try await ChunkStoreSuite.put(sample, into: store) }
            let index = CacheFolder(path).index
            var bytes = try await FileSystem.shared.withFileHandle(forReadingAt: index) { handle in
                Array(buffer: try await handle.readToEnd(maximumSizeAllowed: .mebibytes(10)))
            }
            for offset in place..<place + 500 { bytes[offset] = 0xAA }
            try await FileSystem.shared.replaceFile(at: index, with: bytes)
            try await Self.with(path) { store in
                // Whatever of it can still be read is right.
                for run in try await store.runs(of: sample.contents.xorb, in: sample.contents.chunks) {
                    #expect(run.contents == sample.contents)
                }
                try await ChunkStoreSuite.put(
                    try ChunkStoreSuite.Sample(seed: 2, chunks: sample.contents.chunks),
                    into: store
                )
            }
        }
    }

    @Test func `without a limit it takes most of what is free`() async throws {
        try await Self.withFolder { path in
            try await Self.with(path, byteLimit: nil) { store in #expect(store.byteLimit > 0) }
        }
    }
}
