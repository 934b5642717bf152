import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetBundle
import XetBundleTestSupport
import XetCore
import XetStore
import XetTestSupport
import _NIOFileSystem

@testable import XetCache

@Suite struct BundleImportTests {
    /// A cache and an archive that bundles go to.
    private struct Place {
        let store: DiskChunkStore
        let archive = MemoryHubArchive()

        func take(
            _ bytes: [UInt8],
            trusted: [VerifyingKey] = [],
            isForAll: Bool = false
        ) async throws -> BundleImport.Summary {
            let pieces = Pieces(bytes, pieceByteCount: 100)
            let bundle = BundleImport(into: store, archive: archive, isForAll: isForAll)
            return try await bundle.run(BundleStream(trusted: trusted) { pieces.next() })
        }

        /// Whether nothing of a bundle can be found.
        func isEmpty(_ sample: SampleBundle) async throws -> Bool {
            let all = try #require(ChunkRange(start: 0, end: 3))
            let runs = try await store.runs(of: sample.runs[0].xorb, in: all)
            let parts = try await store.parts(of: sample.file.hash)
            return store.runCount == 0 && runs.isEmpty && parts.isEmpty && archive.answers.isEmpty
        }

        /// What is staged, for how many bundles.
        func stagedCount() async throws -> Int {
            let folder = store.files.folder.imports
            guard try await FileSystem.shared.info(forFileAt: folder) != nil else { return 0 }
            return try await FileSystem.shared.entries(of: folder).count
        }
    }

    private func withPlace(_ body: @Sendable (Place, SampleBundle) async throws -> Void) async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, path in
            let store = try await DiskChunkStore.open(path.appending("cache"), byteLimit: 1 << 20)
            do {
                try await body(Place(store: store), try SampleBundle())
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    @Test func `a bundle is in the cache, and proven`() async throws {
        try await withPlace { place, sample in
            let key = SigningKey()
            let summary = try await place.take(try sample.bytes(signedBy: key), trusted: [key.verifyingKey])
            #expect(summary.outcome.signer == key.verifyingKey)
            #expect(summary.writtenByteCount == sample.runs.reduce(0) { $0 + $1.bytes.readableBytes })
            for run in sample.runs {
                let kept = try await place.store.runs(of: run.xorb, in: run.chunks)
                let found = try #require(kept.first { $0.chunks == run.chunks })
                #expect(found.contents.isProven)
                #expect(try await place.store.read(0..<found.contents.byteCount, of: found.id) == run.bytes)
            }
            let all = try #require(FileByteRange(start: 0, end: sample.file.byteCount))
            #expect(try await place.store.part(of: sample.file.hash, holding: all) == sample.file.part)
            #expect(place.archive.answers == [SampleBundle.answer])
            #expect(try await place.archive.isPermitted(nil, SampleBundle.repository, files: true))
            #expect(place.store.provisionalByteCount == 0)
            #expect(try await place.stagedCount() == 0)
        }
    }

    @Test func `it is there after a restart`() async throws {
        try await FileSystem.shared.withTemporaryDirectory { _, path in
            let (path, sample) = (path.appending("cache"), try SampleBundle())
            let byteCount = try await Self.opening(path) { store in
                _ = try await Place(store: store).take(try sample.bytes())
                return store.byteCount
            }
            try await Self.opening(path) { store in
                try await store.removeOrphans()
                #expect(store.byteCount == byteCount)
                #expect(try await store.verify().damagedRunCount == 0)
                #expect(store.runCount == 2)
            }
        }
    }

    /// Runs `body` with the cache of a folder, which is free again afterwards.
    private static func opening<Value>(
        _ path: FilePath,
        _ body: (DiskChunkStore) async throws -> Value
    ) async throws -> Value {
        let store = try await DiskChunkStore.open(path, byteLimit: 1 << 20)
        do {
            let value = try await body(store)
            await store.close()
            return value
        } catch {
            await store.close()
            throw error
        }
    }

    @Test func `a bundle that breaks off anywhere leaves nothing that is seen`() async throws {
        try await withPlace { place, sample in
            let bytes = try sample.bytes()
            for count in stride(from: 0, to: bytes.count, by: 23) {
                await #expect(throws: BundleError.self) { try await place.take(Array(bytes.prefix(count))) }
                #expect(try await place.isEmpty(sample))
            }
            // What came is not written again.
            let summary = try await place.take(bytes)
            #expect(summary.writtenByteCount == 0)
            #expect(summary.resumedByteCount == sample.runs.reduce(0) { $0 + $1.bytes.readableBytes })
            #expect(place.store.runCount == 2)
            #expect(try await place.stagedCount() == 0)
        }
    }

    @Test func `a bundle that is wrong leaves nothing at all`() async throws {
        try await withPlace { place, sample in
            var bytes = try sample.bytes()
            bytes[bytes.count - 40] ^= 1
            await #expect(throws: BundleError.self) { try await place.take(bytes) }
            #expect(try await place.isEmpty(sample))
            #expect(try await place.stagedCount() == 0)
        }
    }

    @Test func `a signature is asked for before anything is seen`() async throws {
        try await withPlace { place, sample in
            let key = SigningKey()
            for signer in [nil, SigningKey()] {
                let bytes = try sample.bytes(signedBy: signer)
                await #expect(throws: BundleError.self) { try await place.take(bytes, trusted: [key.verifyingKey]) }
                #expect(try await place.isEmpty(sample))
                #expect(try await place.stagedCount() == 0)
            }
        }
    }

    @Test func `what a part of another bundle has left does not come along`() async throws {
        try await withPlace { place, sample in
            let evil = ArchivedAnswer(
                repository: SampleBundle.repository,
                method: "GET",
                target: "/owner/name/resolve/x/config.json",
                status: 200,
                headers: [],
                body: Array("evil".utf8),
                time: 0
            )
            let first = try sample.bytes(records: [.answer(evil), .chunks(sample.runs[0])])
            await #expect(throws: BundleError.self) { try await place.take(first.dropLast(1)) }
            // This one brings neither.
            let second = try sample.bytes(records: [.answer(SampleBundle.answer)])
            _ = try await place.take(second)
            #expect(place.store.runCount == 0)
            #expect(place.archive.answers == [SampleBundle.answer])
        }
    }

    @Test func `a bundle that builds on another needs that first`() async throws {
        try await withPlace { place, sample in
            let base = try sample.bytes()
            let next = try sample.bytes(records: [.chunks(sample.runs[1]), .file(sample.file)])
            await #expect(
                throws: BundleError.missingChunk(file: sample.file.hash, xorb: sample.runs[0].xorb, chunk: 0)
            ) { try await place.take(next) }
            #expect(try await place.isEmpty(sample))
            _ = try await place.take(base)
            #expect(try await place.take(next).writtenByteCount == 0)
            #expect(place.store.runCount == 2)
        }
    }

    @Test func `chunks that no file needs are refused`() async throws {
        try await withPlace { place, sample in
            let bytes = try sample.bytes(records: sample.runs.map { .chunks($0) })
            await #expect(throws: BundleError.self) { try await place.take(bytes) }
            #expect(try await place.isEmpty(sample))
            #expect(try await place.stagedCount() == 0)
        }
    }

    @Test func `an import that ends between chunks and answers is finished by the next`() async throws {
        try await withPlace { place, sample in
            place.archive.isFailing = true
            let bytes = try sample.bytes()
            await #expect(throws: MemoryHubArchive.Failure.self) { try await place.take(bytes) }
            #expect(place.archive.answers.isEmpty)
            place.archive.isFailing = false
            let summary = try await place.take(bytes)
            #expect(summary.writtenByteCount == 0)
            #expect(place.store.runCount == 2)
            #expect(place.archive.answers == [SampleBundle.answer])
        }
    }

    @Test func `a kept chunk that has rotted is brought anew`() async throws {
        try await withPlace { place, sample in
            let bytes = try sample.bytes()
            _ = try await place.take(bytes)
            let run = try #require(try await place.store.runs(of: sample.runs[0].xorb, in: sample.runs[0].chunks).first)
            let path = place.store.files.folder.segment(run.id.number)
            let file = try FileDescriptor.open(path, .writeOnly)
            try file.closeAfter { _ = try file.writeAll(toAbsoluteOffset: 9, [1, 2, 3]) }
            let summary = try await place.take(bytes)
            #expect(summary.writtenByteCount == sample.runs[0].bytes.readableBytes)
            #expect(try await place.store.verify().damagedRunCount == 0)
            #expect(place.store.runCount == 2)
        }
    }

    @Test func `who may see it is what the Hub said`() async throws {
        try await withPlace { place, sample in
            var writer = BundleWriter()
            let contents = BundleContents(sources: [
                BundleContents.Source(
                    repository: SampleBundle.repository,
                    revision: "main",
                    commit: "c",
                    isPublic: false
                )
            ])
            let bytes =
                Array(try writer.begin(contents).readableBytesView)
                + (try writer.append(.answer(SampleBundle.answer))).readableBytesView
                + (try writer.finish(signedBy: nil)).readableBytesView
            #expect(try await place.take(bytes).hiddenRepositories == [SampleBundle.repository])
            #expect(try await !place.archive.isPermitted(nil, SampleBundle.repository, files: true))
            #expect(try await place.take(bytes, isForAll: true).hiddenRepositories == [])
            #expect(try await place.archive.isPermitted(nil, SampleBundle.repository, files: true))
        }
    }

    @Test func `what is staged can be dropped`() async throws {
        try await withPlace { place, sample in
            let bytes = try sample.bytes()
            await #expect(throws: BundleError.self) { try await place.take(Array(bytes.dropLast(10))) }
            #expect(try await BundleImport.discardStaged(in: place.store) == 1)
            #expect(try await place.stagedCount() == 0)
        }
    }
}
