import NIOCore
import Synchronization
import Testing
import XetAccess
import XetAccessTestSupport
import XetCache
import XetCore
import XetDownload
import XetTestSupport

/// Whole downloads through a cache.
@Suite struct CachedDownloadTests {
    private struct Rig {
        let executor: StepExecutor
        let store: FaultyChunkStore
        let files: [SampleFile]
        let cdn: ScriptedXorbSource
        let cas: [ScriptedReconstructionSource]
        let events = CountingEvents()
        private let cache: ChunkCache<ScriptedXorbSource, FaultyChunkStore>
        private let downloader: FileDownloader
        private let running: Started<Void>

        init(
            _ files: [SampleFile],
            executor: StepExecutor = StepExecutor(),
            gridByteCount: Int = 4000,
            store: FaultyChunkStore = FaultyChunkStore(byteLimit: 64 << 20),
            script: @escaping @Sendable (ScriptedXorbSource.Call) -> ScriptedXorbSource.Answer = { _ in .init() }
        ) {
            self.files = files
            self.executor = executor
            self.store = store
            cdn = ScriptedXorbSource(files, script: script)
            cas = files.map { ScriptedReconstructionSource($0) }
            let cache = ChunkCache(cdn, store: store, events: events)
            self.cache = cache
            var configuration = FileDownloader.Configuration()
            configuration.stall = nil
            configuration.patience = nil
            configuration.firstWindowByteCount = 1000
            configuration.gridByteCount = gridByteCount
            configuration.onVerdict = { await cache.note($0, byteCount: $1, isRight: $2) }
            downloader = FileDownloader(
                xorbs: cache.xorbs,
                budget: FetchBudget(),
                configuration: configuration,
                clock: ManualClock(isJumping: true)
            )
            running = executor.start { await cache.run() }
            executor.runUntilIdle()
        }

        func start(
            _ number: Int = 0,
            range: FileByteRange? = nil,
            isOnlyProven: Bool = false
        ) -> Started<[UInt8]> {
            let file = files[number]
            let source = cache.reconstructions(cas[number])
            return executor.start { [downloader] in
                try await CacheTally.$current.withValue(CacheTally(isOnlyProven: isOnlyProven)) {
                    var sink = CollectingSink()
                    let prepared = try await downloader.prepare(
                        file.hash,
                        byteCount: file.byteCount,
                        range: range ?? file.whole,
                        from: source
                    )
                    try await prepared.stream(into: &sink)
                    return sink.contents.bytes
                }
            }
        }

        func run(
            _ number: Int = 0,
            range: FileByteRange? = nil,
            isOnlyProven: Bool = false
        ) -> Result<[UInt8], any Error>? {
            let started = start(number, range: range, isOnlyProven: isOnlyProven)
            executor.runUntilIdle()
            return started.result
        }

        /// Fetches all serialized bytes of a file as a XET client does, which was told by the CAS where they are.
        func fetch(_ number: Int = 0, byteCount: UInt64? = nil) throws -> [UInt8] {
            let (file, cas) = (files[number], cas[number])
            let started = executor.start { [cache] in
                if let byteCount { cache.note(byteCount: byteCount, of: file.hash) }
                let answer = try #require(try await cas.reconstruction(of: file.hash, range: file.whole))
                let start = file.whole.start - answer.offsetIntoFirstTerm
                await cache.note(FilePart(start: start, terms: answer.terms), of: file.hash)
                var bytes: [UInt8] = []
                for (xorb, ranges) in answer.fetches.sorted(by: { $0.key.text < $1.key.text }) {
                    for info in ranges.infos {
                        try await cache.source.fetch(XorbFetch(xorb: xorb, info: info)) { piece in
                            bytes += Array(buffer: piece.bytes)
                        }
                    }
                }
                return bytes
            }
            executor.runUntilIdle()
            return try #require(started.result).get()
        }

        /// Whether all chunks of a file that are kept are proven.
        func isProven(_ file: SampleFile) throws -> Bool {
            let started = executor.start { [store] in
                var records: [ChunkRecord] = []
                for term in file.terms {
                    for run in try await store.runs(of: term.xorb, in: term.chunks) {
                        records += run.contents.records(in: term.chunks)
                    }
                }
                return !records.isEmpty && records.allSatisfy(\.isProven)
            }
            executor.runUntilIdle()
            return try #require(started.value as Bool?)
        }

        /// Whether the cache says that a range is proven.
        func isProven(_ range: FileByteRange, of file: SampleFile) throws -> Bool {
            let started = executor.start { [cache] in await cache.isProven(range, of: file.hash) }
            executor.runUntilIdle()
            return try #require(started.value as Bool?)
        }

        /// Drops all that is kept; how many runs that was.
        func dropAll() throws -> Int {
            let started = executor.start { [store, files] in
                var count = 0
                for (xorb, serialized) in files.flatMap(\.xorbs) {
                    let whole = try #require(ChunkRange(start: 0, end: serialized.index.chunkCount))
                    for run in try await store.runs(of: xorb, in: whole) {
                        try await store.remove(run.id)
                        count += 1
                    }
                }
                return count
            }
            executor.runUntilIdle()
            return try #require(started.result).get()
        }

        func stop() -> Bool {
            running.cancel()
            executor.runUntilIdle()
            return running.result != nil && cdn.activeCount == 0
        }
    }

    @Test(arguments: SampleFile.Shape.allCases, 0..<20 as Range<UInt64>)
    func `what was downloaded once is asked of nobody again`(shape: SampleFile.Shape, seed: UInt64) throws {
        let file = try SampleFile(seed: seed, shape: shape)
        let rig = Rig([file], executor: StepExecutor(seed: seed))
        #expect(try rig.run()?.get() == file.bytes)
        #expect(try rig.isProven(file))
        let (gets, answers) = (rig.cdn.calls.count, rig.cas[0].calls.count)
        #expect(try rig.run()?.get() == file.bytes)
        var random = SplitMix64(seed: seed)
        for _ in 0..<10 {
            let start = UInt64.random(in: 0..<file.byteCount, using: &random)
            let end = UInt64.random(in: start + 1...file.byteCount, using: &random)
            let range = try #require(FileByteRange(start: start, end: end))
            #expect(try rig.run(range: range)?.get() == file.slice(range))
        }
        #expect(rig.cdn.calls.count == gets)
        // A range that goes over lines of the grid is asked for in the same windows.
        #expect(rig.cas[0].calls.count == answers)
        #expect(rig.stop())
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `any number of readers at once cost one download`(seed: UInt64) throws {
        let file = try SampleFile(seed: seed, shape: .plain)
        let alone = Rig([file], executor: StepExecutor(seed: seed))
        _ = alone.run()
        #expect(alone.stop())
        let rig = Rig([file], executor: StepExecutor(seed: seed))
        let readers = (0..<8).map { _ in
            rig.executor.run(50)
            return rig.start()
        }
        rig.executor.runUntilIdle()
        for reader in readers { #expect(try reader.result?.get() == file.bytes) }
        // At each line of the grid a chunk, of at most 708 bytes, may come twice.
        let lineCount = Int(file.byteCount) / 4000 + 1
        #expect(rig.cdn.byteCount <= alone.cdn.byteCount + lineCount * 708)
        #expect(rig.stop())
    }

    @Test func `a file with many chunks of another costs its own`() throws {
        var random = SplitMix64(seed: 5)
        let shared = (0..<40).map { _ in random.bytes(900) }
        let first = try SampleFile(chunks: shared)
        let own = try SampleFile(chunks: (0..<10).map { _ in random.bytes(900) })
        let second = try SampleFile(joining: [first, own])
        let rig = Rig([first, second])
        #expect(try rig.run(0)?.get() == first.bytes)
        let before = rig.cdn.byteCount
        #expect(try rig.run(1)?.get() == second.bytes)
        // The chunks over the two lines of the grid come twice.
        let ownByteCount = own.xorbs.values.reduce(0) { $0 + $1.chunks.count }
        #expect((ownByteCount...ownByteCount + 2 * 908).contains(rig.cdn.byteCount - before))
        #expect(rig.stop())
    }

    /// What of a file of 60 chunks is kept, in chunks.
    enum Kept: CaseIterable {
        case bothEnds, start, end, middle, most

        var chunks: [Range<Int>] {
            switch self {
            case .bothEnds: [0..<20, 40..<60]
            case .start: [0..<40]
            case .end: [30..<60]
            case .middle: [20..<45]
            case .most: [1..<59]
            }
        }
    }

    @Test(arguments: Kept.allCases)
    func `a gap in a range that is signed costs its own chunks`(kept: Kept) throws {
        let chunkByteCount = 64 << 10
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: chunkByteCount)
        let rig = Rig([file], gridByteCount: 64 << 20)
        // The terms of the whole file are known, as they are of one that others have read before.
        _ = try rig.fetch(byteCount: file.byteCount)
        let runs = try rig.dropAll()
        #expect(runs > 0)
        for chunks in kept.chunks {
            let range = try #require(
                FileByteRange(
                    start: UInt64(chunks.lowerBound * chunkByteCount + 1),
                    end: UInt64(chunks.upperBound * chunkByteCount)
                )
            )
            let bytes = Array(file.bytes[Int(range.start)..<Int(range.end)])
            #expect(try rig.run(range: range)?.get() == bytes)
        }
        let before = rig.cdn.byteCount
        #expect(try rig.run()?.get() == file.bytes)
        let missing = 60 - kept.chunks.reduce(0) { $0 + $1.count }
        // The first window ends within a chunk. With two gaps nobody knows where in the file the first ends.
        let repeated = 1 + (kept == .middle ? 25 : kept == .most ? 58 : 0)
        let serialized = chunkByteCount + 8
        #expect((missing * serialized...(missing + repeated) * serialized).contains(rig.cdn.byteCount - before))
        #expect(rig.stop())
    }

    @Test func `wrong bytes are not kept`() throws {
        let file = try SampleFile(chunks: (0..<12).map { [UInt8](repeating: UInt8($0), count: 1000) + Array(0..<200) })
        let isWrong = Mutex(true)
        let rig = Rig([file]) { call in
            var answer = ScriptedXorbSource.Answer()
            // Chunks that are whole, but of another file.
            if isWrong.withLock({ $0 }) {
                answer.damage = { bytes in
                    if let chunk = try? SampleFile.serialized([UInt8](repeating: 9, count: 1200)),
                        bytes.count > chunk.count
                    {
                        bytes.replaceSubrange(0..<SampleFile.firstChunkByteCount(bytes), with: chunk)
                    }
                }
            }
            return answer
        }
        #expect(throws: XetError.self) { try rig.run()?.get() }
        isWrong.withLock { $0 = false }
        // As long as the file is in doubt nothing of it is kept; then it is as any other.
        for _ in 0..<2 { #expect(try rig.run()?.get() == file.bytes) }
        #expect(try rig.isProven(file))
        #expect(rig.stop())
    }

    @Test(arguments: SampleFile.Shape.allCases, 0..<10 as Range<UInt64>)
    func `what XET clients fetch is proven, and serves everybody`(shape: SampleFile.Shape, seed: UInt64) throws {
        let file = try SampleFile(seed: seed, shape: shape)
        let rig = Rig([file], executor: StepExecutor(seed: seed))
        let bytes = try rig.fetch(byteCount: seed % 2 == 0 ? file.byteCount : nil)
        #expect(try rig.isProven(file))
        let gets = rig.cdn.calls.count
        #expect(try rig.fetch() == bytes)
        #expect(try rig.run()?.get() == file.bytes)
        #expect(rig.cdn.calls.count == gets)
        #expect(rig.stop())
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a range is proven where its chunks are`(seed: UInt64) throws {
        let file = try SampleFile(seed: seed, shape: .mixed)
        let rig = Rig([file], executor: StepExecutor(seed: seed))
        var random = SplitMix64(seed: seed)
        let start = UInt64.random(in: 0..<file.byteCount, using: &random)
        let end = UInt64.random(in: start + 1...file.byteCount, using: &random)
        let range = try #require(FileByteRange(start: start, end: end))
        #expect(try !rig.isProven(range, of: file))
        #expect(try rig.run(range: range)?.get() == file.slice(range))
        if range != file.whole { #expect(try !rig.isProven(range, of: file)) }
        #expect(try rig.run()?.get() == file.bytes)
        #expect(try rig.isProven(range, of: file) && rig.isProven(file.whole, of: file))
        #expect(try rig.run(range: range, isOnlyProven: true)?.get() == file.slice(range))
        #expect(rig.stop())
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `what takes the place of a proven chunk has its hash, or ends the download`(seed: UInt64) throws {
        let chunks = (0..<12).map { [UInt8](repeating: UInt8($0), count: 1000) + Array(0..<200) }
        let file = try SampleFile(chunks: chunks)
        let isWrong = Mutex(false)
        let rig = Rig([file], executor: StepExecutor(seed: seed)) { call in
            var answer = ScriptedXorbSource.Answer()
            guard isWrong.withLock({ $0 }) else { return answer }
            answer.damage = { bytes in
                guard let chunk = try? SampleFile.serialized([UInt8](repeating: 9, count: 1200)) else { return }
                bytes.replaceSubrange(0..<SampleFile.firstChunkByteCount(bytes), with: chunk)
            }
            return answer
        }
        #expect(try rig.run()?.get() == file.bytes)
        let range = try #require(FileByteRange(start: 100, end: file.byteCount - 100))
        // It rots, and the data host is wrong: no byte of it leaves.
        let rottenCount = Mutex(2)
        rig.store.damage = { _ in
            rottenCount.withLock { count in
                count -= 1
                return count >= 0 ? (20, 1) : nil
            }
        }
        isWrong.withLock { $0 = true }
        #expect(throws: XetError.self) { try rig.run(range: range, isOnlyProven: true)?.get() }
        isWrong.withLock { $0 = false }
        // What rots a last time may come from upstream without being kept.
        for _ in 0..<2 {
            #expect(try rig.run(range: range, isOnlyProven: true)?.get() == file.slice(range))
        }
        // Proven again without the whole.
        #expect(try rig.isProven(range, of: file))
        #expect(rig.stop())
    }

    @Test func `what is gone cannot be promised`() throws {
        let file = try SampleFile(seed: 3, shape: .plain)
        let rig = Rig([file])
        let range = try #require(FileByteRange(start: 1, end: file.byteCount))
        let error = #expect(throws: XetError.self) { try rig.run(range: range, isOnlyProven: true)?.get() }
        #expect(error?.code == .notFound)
        #expect(rig.stop())
    }

    /// What becomes of chunks on their way, and how they are told from others.
    enum Damage: CaseIterable {
        /// They are whole, but of another file.
        case others
        /// They cannot be unpacked.
        case garbage
    }

    @Test(arguments: Damage.allCases)
    func `wrong bytes for a XET client are dropped`(damage: Damage) throws {
        let file = try SampleFile(chunks: (0..<12).map { [UInt8](repeating: UInt8($0), count: 1000) + Array(0..<200) })
        let isWrong = Mutex(true)
        let rig = Rig([file]) { call in
            var answer = ScriptedXorbSource.Answer()
            guard isWrong.withLock({ $0 }) else { return answer }
            answer.damage = { bytes in
                let count = SampleFile.firstChunkByteCount(bytes)
                switch damage {
                case .others:
                    guard let chunk = try? SampleFile.serialized([UInt8](repeating: 9, count: 1200)) else { return }
                    bytes.replaceSubrange(0..<count, with: chunk)
                case .garbage:
                    for index in ChunkHeader.byteCount..<count { bytes[index] = 0xFF }
                }
            }
            return answer
        }
        let wrong: [UInt8]? = try? rig.fetch(byteCount: file.byteCount)
        isWrong.withLock { $0 = false }
        let bytes = try rig.fetch(byteCount: file.byteCount)
        #expect(bytes != wrong)
        #expect(try rig.isProven(file))
        #expect(try rig.run()?.get() == file.bytes)
        #expect(rig.stop())
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `what rots is healed, and no wrong byte leaves`(seed: UInt64) throws {
        let file = try SampleFile(seed: seed, shape: .mixed)
        let rig = Rig([file], executor: StepExecutor(seed: seed))
        _ = rig.run()
        let random = Mutex(SplitMix64(seed: seed))
        rig.store.damage = { bytes in
            random.withLock { random in
                guard Int.random(in: 0..<3, using: &random) == 0, !bytes.isEmpty else { return nil }
                return (Int.random(in: 0..<bytes.count, using: &random), UInt8.random(in: 1...255, using: &random))
            }
        }
        for _ in 0..<5 { #expect(try rig.run()?.get() == file.bytes) }
        rig.store.damage = nil
        #expect(try rig.run()?.get() == file.bytes)
        #expect(rig.stop())
    }

    @Test func `the cache of one process serves the next`() throws {
        let file = try SampleFile(seed: 3, shape: .mixed)
        let first = Rig([file])
        #expect(try first.run()?.get() == file.bytes)
        #expect(first.stop())
        let second = Rig([file], store: first.store)
        #expect(try second.run()?.get() == file.bytes)
        #expect(second.cdn.calls.isEmpty && second.cas[0].calls.isEmpty)
        #expect(second.stop())
    }

    @Test func `chunks that are gone are had again, though nobody had asked for their address`() throws {
        let file = try SampleFile(seed: 3, shape: .plain)
        let rig = Rig([file])
        #expect(try rig.run()?.get() == file.bytes)
        // Found when it is planned, gone when it is read.
        rig.store.fault = .read
        #expect(try rig.run()?.get() == file.bytes)
        rig.store.fault = nil
        #expect(try rig.run()?.get() == file.bytes)
        #expect(rig.stop())
    }
}
