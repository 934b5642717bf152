import NIOCore
import Synchronization
import Testing
import XetAccess
import XetCore
import XetStore
import XetStoreTestSupport
import XetTestSupport

@testable import XetUpload

@Suite struct UploadSessionTests {
    private let xorbs = MemoryXorbStore()
    private let shards: MemoryShardStore

    init() {
        shards = MemoryShardStore(xorbs: xorbs)
    }

    private func run<Result: Sendable>(
        limits: UploadLimits = UploadLimits(),
        report: @escaping @Sendable (UploadProgress) -> Void = { _ in },
        _ body: (inout UploadSession) async throws -> Result
    ) async throws -> Result {
        try await UploadSession.run(
            xorbs: xorbs,
            shards: shards,
            chunks: LocatedChunks(xorbs),
            limits: limits,
            report: report,
            body
        )
    }

    private func upload(_ contents: [[UInt8]], pieceByteCount: Int = 100_000) async throws -> [UploadedFile] {
        try await run { session in
            for content in contents {
                try await session.add(Pieces(content, byteCount: pieceByteCount))
            }
            return try await session.commit()
        }
    }

    private func content(_ file: UploadedFile) async throws -> [UInt8] {
        let terms = try #require(try await shards.file(file.hash))
        var bytes: [UInt8] = []
        try await StoredFileReader(xorbs: xorbs).read(FileByteRange(count: terms.byteCount), of: terms) {
            bytes.append(contentsOf: $0.readableBytesView)
        }
        return bytes
    }

    /// Unpacked bytes that the store keeps.
    private var keptByteCount: Int { xorbs.xorbs.reduce(0) { $0 + $1.index.unpackedByteCount } }

    @Test func `makes the golden files`() async throws {
        let golden = try Golden.load()
        for file in golden.files {
            let input = try #require(Inputs.golden(file.name))
            let uploaded = try await upload([input])[0]
            #expect(uploaded.hash.text == file.fileHash, "\(file.name)")
            #expect(uploaded.sha256?.text == file.sha256, "\(file.name)")
            #expect(uploaded.byteCount == UInt64(file.size), "\(file.name)")
            let same = try await content(uploaded) == input
            #expect(same, "\(file.name)")
            let terms = try #require(try await shards.file(uploaded.hash))
            #expect(terms.sha256?.text == file.shardSha256String, "\(file.name)")
        }
    }

    @Test func `finds the terms that the reference client finds`() async throws {
        // Each in its own commit, so that the last is made of the ones before.
        for name in ["random.bin", "text.txt", "mix.bin"] {
            _ = try await upload([try #require(Inputs.golden(name))])
        }
        let file = try #require(try Golden.load().files.first { $0.name == "mix.bin" })
        let hash = try #require(FileHash(file.fileHash))
        let terms = try #require(try await shards.file(hash)).terms
        #expect(terms.map(\.xorb.text) == file.terms.map(\.xorb))
        #expect(terms.map(\.chunks) == file.terms.map { ChunkRange(start: $0.start, end: $0.end) })
    }

    @Test(arguments: [1, 999, 65_536, 10_000_000])
    func `does not depend on the pieces`(byteCount: Int) async throws {
        let input = Inputs.splitmix(300_000, seed: 81)
        let file = try await upload([input], pieceByteCount: byteCount)[0]
        #expect(file.hash == (try await UploadSessionTests().upload([input])[0].hash))
        let same = try await content(file) == input
        #expect(same)
    }

    @Test func `several files share a xorb`() async throws {
        let inputs = (0..<20).map { Inputs.splitmix(3000 + $0, seed: UInt64($0)) }
        let files = try await upload(inputs)
        #expect(xorbs.xorbs.count == 1)
        for (file, input) in zip(files, inputs) {
            #expect(try await content(file) == input)
        }
    }

    @Test func `keeps a chunk once`() async throws {
        let input = Inputs.splitmix(800_000, seed: 82)
        _ = try await upload([input, input + input, Array(input.dropFirst(100_000))])
        let kept = keptByteCount
        // All but what lies around the cut is there already.
        #expect(kept < input.count + 4 * Chunker.maximumByteCount)
        _ = try await upload([input])
        #expect(keptByteCount == kept)
    }

    @Test func `a constant file is one chunk`() async throws {
        let file = try await upload([[UInt8](repeating: 0, count: 3_000_000)])[0]
        #expect(keptByteCount == Chunker.maximumByteCount + 3_000_000 % Chunker.maximumByteCount)
        #expect(try await content(file).count == 3_000_000)
    }

    @Test func `fills one xorb after the other`() async throws {
        // More chunks than one xorb takes, with the smallest chunks there are.
        let chunk = Inputs.splitmix(1, seed: 1)
        var inputs: [[UInt8]] = []
        for number in 0..<XorbBuilder.maximumChunkCount + 10 {
            inputs.append(chunk + Array("\(number)".utf8))
        }
        let files = try await upload(inputs)
        #expect(xorbs.xorbs.map(\.index.chunkCount).sorted() == [10, XorbBuilder.maximumChunkCount])
        #expect(try await content(files[0]) == inputs[0])
        #expect(try await content(files[inputs.count - 1]) == inputs[inputs.count - 1])
    }

    @Test func `xorbs are registered before the files, and not kept in memory till then`() async throws {
        let record = ShardRecord(shards: shards)
        var limits = UploadLimits()
        limits.shardByteCount = 100_000
        let count = 2 * XorbBuilder.maximumChunkCount + 1
        try await UploadSession.run(xorbs: xorbs, shards: record, chunks: LocatedChunks(xorbs), limits: limits) {
            session in
            for number in 0..<count {
                try await session.add(Pieces(Array("\(number)".utf8), byteCount: 10))
            }
            _ = try await session.commit()
        }
        #expect(record.registered.reduce(0) { $0 + $1.xorbs.count } == 3)
        #expect(record.registered.reduce(0) { $0 + $1.files.count } == count)
        // A xorb makes up a shard, so two are registered by themselves.
        let before = record.registered.prefix { $0.files.isEmpty }
        #expect(before.reduce(0) { $0 + $1.xorbs.count } >= 2)
    }

    @Test func `reports what it reads and keeps`() async throws {
        let last = Mutex(UploadProgress())
        let input = Inputs.splitmix(250_000, seed: 83)
        try await run { progress in
            last.withLock { $0 = progress }
        } _: { session in
            try await session.add(Pieces(input, byteCount: 50_000))
            try await session.add(Pieces(input, byteCount: 50_000))
            _ = try await session.commit()
        }
        let progress = last.withLock { $0 }
        #expect(progress.readByteCount == 500_000)
        #expect(progress.newByteCount == 250_000)
        #expect(progress.storedByteCount == UInt64(xorbs.xorbs[0].chunks.count))
    }

    @Test func `nothing is known before the commit`() async throws {
        let content = Inputs.lines(100_000)
        var hasher = FileHasher()
        hasher.update(content.rawSpan)
        let hash = hasher.finish()
        try await run { session in
            try await session.add(Pieces(content, byteCount: 1000))
            #expect(try await shards.file(hash) == nil)
            #expect(try await session.commit().map(\.hash) == [hash])
            #expect(try await shards.file(hash) != nil)
            // A session goes on after a commit.
            try await session.add(Pieces(content, byteCount: 1000))
            #expect(try await session.commit().map(\.hash) == [hash])
        }
    }

    @Test func `sends several xorbs at once and keeps the order of files`() async throws {
        var limits = UploadLimits()
        limits.xorbByteCount = 300_000
        limits.xorbCount = 4
        limits.workerCount = 4
        limits.hasSHA256 = false
        let inputs = (0..<12).map { Inputs.splitmix(400_000 + $0, seed: UInt64(200 + $0)) }
        let files = try await run(limits: limits) { session in
            for input in inputs { try await session.add(Pieces(input, byteCount: 70_000)) }
            return try await session.commit()
        }
        #expect(xorbs.xorbs.count >= 16)
        #expect(xorbs.xorbs.allSatisfy { $0.chunks.count <= 300_000 })
        #expect(files.map(\.byteCount) == inputs.map { UInt64($0.count) })
        #expect(files.allSatisfy { $0.sha256 == nil })
        for (file, input) in zip(files, inputs) {
            let same = try await content(file) == input
            #expect(same)
        }
    }

    @Test func `a store that fails ends the upload, and nothing of it is known`() async throws {
        struct Failure: Error {}
        struct FullStore: XorbSink {
            func put(_ xorb: SerializedXorb) async throws -> Bool { throw Failure() }
        }
        let record = ShardRecord(shards: shards)
        await #expect(throws: Failure.self) {
            try await UploadSession.run(xorbs: FullStore(), shards: record, chunks: LocatedChunks(xorbs)) { session in
                try await session.add(Pieces(Inputs.lines(100_000), byteCount: 1000))
                return try await session.commit()
            }
        }
        #expect(record.registered.isEmpty)
    }

    @Test func `an upload that is cancelled ends`() async throws {
        struct SlowStore: XorbSink {
            func put(_ xorb: SerializedXorb) async throws -> Bool {
                try await Task.sleep(for: .seconds(3600))
                return true
            }
        }
        let shards = shards
        let chunks = LocatedChunks(xorbs)
        let task = Task {
            try await UploadSession.run(xorbs: SlowStore(), shards: shards, chunks: chunks) { session in
                try await session.add(Pieces(Inputs.lines(100_000), byteCount: 1000))
                return try await session.commit()
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `a source that fails ends the upload`() async throws {
        await #expect(throws: Pieces.Interruption.self) {
            try await run { session in
                _ = try await session.add(Pieces(Inputs.lines(100_000), byteCount: 1000, failsAfter: 50))
            }
        }
    }
}

/// A store of shards that remembers what was registered, in order.
private final class ShardRecord: ShardSink {
    private let shards: MemoryShardStore
    private let record = Mutex<[Shard]>([])

    init(shards: MemoryShardStore) {
        self.shards = shards
    }

    var registered: [Shard] { record.withLock { $0 } }

    func register(_ shard: Shard) async throws -> Bool {
        let isNew = try await shards.register(shard)
        record.withLock { $0.append(shard) }
        return isNew
    }
}

/// Some bytes in pieces.
private struct Pieces: AsyncSequence {
    struct Interruption: Error {}

    private let content: [UInt8]
    private let byteCount: Int
    private let failsAfter: Int

    init(_ content: [UInt8], byteCount: Int, failsAfter: Int = .max) {
        self.content = content
        self.byteCount = byteCount
        self.failsAfter = failsAfter
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<UInt8>
        let byteCount: Int
        var piecesLeft: Int

        mutating func next() async throws -> ByteBuffer? {
            guard piecesLeft > 0 else { throw Interruption() }
            piecesLeft -= 1
            let piece = rest.prefix(byteCount)
            rest = rest.dropFirst(byteCount)
            return piece.isEmpty ? nil : ByteBuffer(bytes: piece)
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(rest: content[...], byteCount: byteCount, piecesLeft: failsAfter)
    }
}
