import NIOCore
import Synchronization
import Testing
import XetAccess
import XetAccessTestSupport
import XetCache
import XetCore
import XetTestSupport

@Suite struct CachingXorbSourceTests {
    private typealias Source = CachingXorbSource<ScriptedXorbSource, FaultyChunkStore>

    /// A xorb of one file, and how it is fetched.
    private struct Sample {
        let file: SampleFile
        let xorb: XorbHash
        let serialized: [UInt8]
        private let index: XorbIndex

        init(chunkCount: Int = 40, chunkByteCount: Int = 900, seed: UInt64 = 1) throws {
            file = try SampleFile(
                ranges: [0..<chunkCount],
                chunkCount: chunkCount,
                chunkByteCount: chunkByteCount,
                seed: seed
            )
            let xorb = try #require(file.xorbs.values.first)
            (self.xorb, serialized, index) = (xorb.index.hash, xorb.chunks, xorb.index)
        }

        func fetch(_ start: Int, _ end: Int, url: String? = nil) throws -> XorbFetch {
            let chunks = try #require(ChunkRange(start: start, end: end))
            let bytes = try #require(index.serializedRange(of: chunks))
            let url = SignedURL(url ?? "https://cdn.example/\(xorb)?generation=0")
            return XorbFetch(xorb: xorb, info: try FetchInfo(chunks: chunks, bytes: bytes, url: url))
        }

        func bytes(_ fetch: XorbFetch) -> [UInt8] {
            Array(serialized[Int(fetch.info.bytes.first)...Int(fetch.info.bytes.last)])
        }
    }

    /// A cache that runs.
    private struct Rig {
        let executor: StepExecutor
        let upstream: ScriptedXorbSource
        let store: FaultyChunkStore
        let events = CountingEvents()
        let source: Source
        private let running: Started<Void>

        init(
            _ sample: Sample,
            executor: StepExecutor = StepExecutor(),
            byteLimit: Int = 64 << 20,
            script: @escaping @Sendable (ScriptedXorbSource.Call) -> ScriptedXorbSource.Answer = { _ in .init() }
        ) {
            self.executor = executor
            upstream = ScriptedXorbSource(sample.file, script: script)
            store = FaultyChunkStore(byteLimit: byteLimit)
            let source = Source(upstream, store: store, events: events)
            self.source = source
            running = executor.start { await source.run() }
            executor.runUntilIdle()
        }

        /// Starts a fetch; what it gives.
        func start(_ fetch: XorbFetch) -> Started<[UInt8]> {
            executor.start { [source] in
                var bytes: [UInt8] = []
                try await source.fetch(fetch) { bytes += $0.bytes.readableBytesView }
                return bytes
            }
        }

        func run(_ fetch: XorbFetch) -> Result<[UInt8], any Error>? {
            let started = start(fetch)
            executor.runUntilIdle()
            return started.result
        }

        func runs(of sample: Sample) throws -> [ChunkRun] {
            let whole = try #require(ChunkRange(start: 0, end: 40))
            let started = executor.start { [store] in try await store.runs(of: sample.xorb, in: whole) }
            executor.runUntilIdle()
            let result = try #require(started.result)
            return try result.get()
        }

        /// Keeps what is kept otherwise.
        func change(_ sample: Sample, _ change: @escaping @Sendable (inout ChunkRunContents) -> Void) throws {
            for run in try runs(of: sample) {
                let started = executor.start { [store] in
                    var contents = run.contents
                    let bytes = try await store.read(0..<contents.byteCount, of: run.id)
                    try await store.remove(run.id)
                    change(&contents)
                    let writer = try #require(try await store.writer(byteCount: contents.byteCount))
                    try await writer.append([bytes])
                    _ = try await writer.commit(contents)
                }
                executor.runUntilIdle()
                let result = try #require(started.result)
                try result.get()
            }
        }

        /// Ends the cache; whether everything has ended with it.
        func stop() -> Bool {
            running.cancel()
            executor.runUntilIdle()
            return running.result != nil && upstream.activeCount == 0
        }
    }

    @Test func `what was fetched once is not fetched again, in whatever parts`() throws {
        let sample = try Sample()
        let rig = Rig(sample)
        #expect(try rig.run(try sample.fetch(5, 30))?.get() == sample.bytes(try sample.fetch(5, 30)))
        #expect(rig.upstream.calls.count == 1)
        for (start, end) in [(5, 30), (5, 6), (29, 30), (10, 20)] {
            let fetch = try sample.fetch(start, end)
            #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
        }
        #expect(rig.upstream.calls.count == 1)
        // Nor is it with an address that is none.
        let kept = try sample.fetch(7, 9, url: SignedURL.kept.secret)
        #expect(try rig.run(kept)?.get() == sample.bytes(kept))
        #expect(rig.events.byteCounts[.upstream] == nil)
        #expect(rig.stop())
    }

    @Test func `of a range that is kept in part the rest is kept too, each chunk once`() throws {
        let sample = try Sample()
        let rig = Rig(sample)
        for (start, end) in [(10, 20), (0, 40), (0, 40), (15, 25)] {
            let fetch = try sample.fetch(start, end)
            #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
        }
        #expect(rig.upstream.calls.count == 2)
        #expect(rig.stop())
    }

    @Test func `readers of the same range share one GET`() throws {
        let sample = try Sample()
        let hold = Watched(true)
        let rig = Rig(sample) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { offset in if offset > 10_000 { try await hold.wait { !$0 } } }
            return answer
        }
        let fetch = try sample.fetch(0, 40)
        let first = rig.start(fetch)
        rig.executor.runUntilIdle()
        let others = (0..<20).map { _ in rig.start(fetch) }
        let part = rig.start(try sample.fetch(3, 7))
        rig.executor.runUntilIdle()
        // What has come is there for everybody.
        #expect(try part.result?.get() == sample.bytes(try sample.fetch(3, 7)))
        #expect(first.isWaiting && others.allSatisfy(\.isWaiting))
        hold.change { $0 = false }
        rig.executor.runUntilIdle()
        for reader in [first] + others { #expect(try reader.result?.get() == sample.bytes(fetch)) }
        #expect(rig.upstream.calls.count == 1)
        #expect(rig.stop())
    }

    @Test func `the GETs that a range needs begin at once, whatever comes first`() throws {
        let sample = try Sample()
        let hold = Watched(true)
        let rig = Rig(sample) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.info.chunks.start == 0 { answer.before = { _ in try await hold.wait { !$0 } } }
            return answer
        }
        #expect(try rig.run(try sample.fetch(20, 25))?.get().isEmpty == false)
        // Each shares its first chunk with the one before, as windows do at a border of their grid.
        let fetches = [try sample.fetch(0, 11), try sample.fetch(10, 31), try sample.fetch(30, 40)]
        let readers = fetches.map { rig.start($0) }
        rig.executor.runUntilIdle()
        #expect(rig.upstream.calls.count == 4)
        hold.change { $0 = false }
        rig.executor.runUntilIdle()
        for (reader, fetch) in zip(readers, fetches) { #expect(try reader.result?.get() == sample.bytes(fetch)) }
        #expect(rig.upstream.calls.count == 4)
        #expect(rig.stop())
    }

    @Test(arguments: 0..<150 as Range<UInt64>)
    func `any readers of any ranges, in any order, some of whom leave`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let sample = try Sample(chunkCount: 30, seed: seed)
        let rig = Rig(
            sample,
            executor: StepExecutor(seed: seed),
            byteLimit: [64 << 20, 20_000].randomElement(using: &random) ?? 0
        )
        var readers: [(fetch: XorbFetch, started: Started<[UInt8]>, leaves: Bool)] = []
        for _ in 0..<25 {
            let start = Int.random(in: 0..<30, using: &random)
            let fetch = try sample.fetch(start, Int.random(in: start + 1...30, using: &random))
            readers.append((fetch, rig.start(fetch), Int.random(in: 0..<5, using: &random) == 0))
            rig.executor.run(Int.random(in: 0..<200, using: &random))
            if let reader = readers.randomElement(using: &random), reader.leaves { reader.started.cancel() }
        }
        for reader in readers where reader.leaves { reader.started.cancel() }
        rig.executor.runUntilIdle()
        for reader in readers {
            switch reader.started.result {
            case .success(let bytes): #expect(bytes == sample.bytes(reader.fetch))
            case .failure(let error): #expect(reader.leaves && error is CancellationError)
            case nil: Issue.record("a reader waits for ever")
            }
        }
        #expect(rig.store.reservedByteCount == 0)
        #expect(rig.stop())
    }

    @Test func `a GET that nobody follows any more goes on only if little is missing`() throws {
        // 6 MiB of which 4 are worth to be finished.
        let sample = try Sample(chunkCount: 60, chunkByteCount: 100 << 10)
        for (offset, isFinished) in [(100_000, false), (3 << 20, true)] {
            let hold = Watched(true)
            let rig = Rig(sample) { call in
                var answer = ScriptedXorbSource.Answer()
                answer.pieceByteCount = 50_000
                if call.number == 0 { answer.before = { at in if at > offset { try await hold.wait { !$0 } } } }
                return answer
            }
            let fetch = try sample.fetch(0, 60)
            let reader = rig.start(fetch)
            rig.executor.runUntilIdle()
            reader.cancel()
            rig.executor.runUntilIdle()
            #expect(reader.result != nil)
            #expect(rig.upstream.activeCount == (isFinished ? 1 : 0))
            hold.change { $0 = false }
            rig.executor.runUntilIdle()
            #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
            #expect(rig.upstream.calls.count == (isFinished ? 1 : 2))
            #expect(rig.stop())
        }
    }

    @Test func `a GET that breaks off leaves what had come`() throws {
        let sample = try Sample()
        let rig = Rig(sample) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.truncation = 20_000 }
            return answer
        }
        let fetch = try sample.fetch(0, 40)
        let readers = (0..<3).map { _ in rig.start(fetch) }
        rig.executor.runUntilIdle()
        for reader in readers { #expect((reader.error as? XetError)?.code == .connectionFailed) }
        // That is not asked for again.
        #expect(try rig.run(try sample.fetch(0, 10))?.get() == sample.bytes(try sample.fetch(0, 10)))
        #expect(rig.upstream.calls.count == 1)
        #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
        #expect(rig.upstream.calls.count == 2)
        #expect(rig.stop())
    }

    @Test func `what is damaged is fetched anew, and no byte of it leaves`() throws {
        let sample = try Sample()
        let fetch = try sample.fetch(0, 40)
        for place in stride(from: 0, to: sample.serialized.count, by: 997) {
            let rig = Rig(sample)
            _ = rig.run(fetch)
            rig.store.damage = { bytes in
                if bytes.contains(place) { return (place - bytes.lowerBound, 0x10) }
                return nil
            }
            #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
            #expect(rig.upstream.calls.count == 2 && rig.events.healedCount == 1)
            rig.store.damage = nil
            #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
            #expect(rig.upstream.calls.count == 2)
            #expect(rig.stop())
        }
    }

    /// What a store can fail with.
    enum Fault: CaseIterable {
        case find, read, room, write, commit
    }

    @Test(arguments: Fault.allCases)
    func `a store that fails ends no fetch`(fault: Fault) throws {
        let sample = try Sample()
        let rig = Rig(sample)
        let (kept, fetch) = (try sample.fetch(10, 20), try sample.fetch(0, 40))
        #expect(try rig.run(kept)?.get() == sample.bytes(kept))
        rig.store.fault = fault
        for _ in 0..<3 { #expect(try rig.run(fetch)?.get() == sample.bytes(fetch)) }
        rig.store.fault = nil
        #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
        #expect(rig.store.reservedByteCount == 0)
        #expect(rig.stop())
    }

    @Test func `a store without room lets everything through`() throws {
        let sample = try Sample()
        let rig = Rig(sample, byteLimit: 100)
        let fetch = try sample.fetch(0, 40)
        for _ in 0..<2 { #expect(try rig.run(fetch)?.get() == sample.bytes(fetch)) }
        #expect(rig.upstream.calls.count == 2)
        #expect(rig.stop())
    }

    @Test func `without anybody who runs GETs everything comes from upstream`() throws {
        let sample = try Sample()
        let rig = Rig(sample)
        #expect(rig.stop())
        let fetch = try sample.fetch(0, 40)
        #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
        #expect(rig.events.byteCounts == [.upstream: sample.serialized.count])
    }

    @Test func `readers go on alone when the GETs end that they share`() throws {
        let sample = try Sample()
        let hold = Watched(true)
        let rig = Rig(sample) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.before = { at in if at > 10_000 { try await hold.wait { !$0 } } } }
            return answer
        }
        let fetch = try sample.fetch(0, 40)
        let readers = (0..<3).map { _ in rig.start(fetch) }
        rig.executor.runUntilIdle()
        #expect(rig.stop())
        for reader in readers { #expect(try reader.result?.get() == sample.bytes(fetch)) }
    }

    @Test func `a second GET beside one that stalls goes upstream`() throws {
        let sample = try Sample()
        let hold = Watched(true)
        let rig = Rig(sample) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 { answer.before = { _ in try await hold.wait { !$0 } } }
            return answer
        }
        var fetch = try sample.fetch(0, 40)
        let first = rig.start(fetch)
        rig.executor.runUntilIdle()
        fetch.origin = .beside
        #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
        #expect(first.isWaiting)
        hold.change { $0 = false }
        rig.executor.runUntilIdle()
        #expect(try first.result?.get() == sample.bytes(fetch))
        #expect(rig.stop())
    }

    @Test func `readers of one GET that stalls share the second`() throws {
        let sample = try Sample()
        let (first, second) = (Watched(true), Watched(true))
        let rig = Rig(sample) { call in
            var answer = ScriptedXorbSource.Answer()
            let hold = call.number == 0 ? first : second
            answer.before = { at in if at > 9000 || call.number == 0 { try await hold.wait { !$0 } } }
            return answer
        }
        var fetch = try sample.fetch(0, 40)
        let waiting = rig.start(fetch)
        rig.executor.runUntilIdle()
        fetch.origin = .beside
        let readers = (0..<5).map { _ in rig.start(fetch) }
        rig.executor.runUntilIdle()
        second.change { $0 = false }
        rig.executor.runUntilIdle()
        for reader in readers { #expect(try reader.result?.get() == sample.bytes(fetch)) }
        #expect(rig.upstream.calls.count == 2)
        #expect(waiting.isWaiting)
        // What the second brought is kept: nobody else needs a third.
        #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
        #expect(rig.upstream.calls.count == 2)
        first.change { $0 = false }
        rig.executor.runUntilIdle()
        #expect(try waiting.result?.get() == sample.bytes(fetch))
        #expect(rig.stop())
    }

    @Test func `a failure that was somebody else's is tried again, once, by one for all`() throws {
        let sample = try Sample()
        let hold = Watched(true)
        let rig = Rig(sample) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number == 0 {
                answer.before = { _ in
                    try await hold.wait { !$0 }
                    throw XetError(.invalidResponse, "what has passed since")
                }
            }
            return answer
        }
        let fetch = try sample.fetch(0, 40)
        let first = rig.start(fetch)
        rig.executor.runUntilIdle()
        let others = (0..<3).map { _ in rig.start(fetch) }
        rig.executor.runUntilIdle()
        hold.change { $0 = false }
        rig.executor.runUntilIdle()
        #expect(throws: XetError.self) { try first.result?.get() }
        for other in others { #expect(try other.result?.get() == sample.bytes(fetch)) }
        #expect(rig.upstream.calls.count == 2)
        #expect(rig.stop())
    }

    @Test func `what fails for everybody is asked for twice at most`() throws {
        let sample = try Sample()
        let hold = Watched(true)
        let rig = Rig(sample) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { _ in
                try await hold.wait { !$0 }
                throw XetError(.invalidResponse, "for ever")
            }
            return answer
        }
        let fetch = try sample.fetch(0, 40)
        let readers = (0..<5).map { _ in rig.start(fetch) }
        rig.executor.runUntilIdle()
        hold.change { $0 = false }
        rig.executor.runUntilIdle()
        for reader in readers { #expect(throws: XetError.self) { try reader.result?.get() } }
        #expect(rig.upstream.calls.count == 2)
        #expect(rig.stop())
    }

    @Test func `what cannot be right is dropped, and comes anew`() throws {
        let sample = try Sample()
        let rig = Rig(sample) { call in
            var answer = ScriptedXorbSource.Answer()
            // A payload that is another, in a frame that is right.
            if call.number == 0 { answer.damage = { $0[20] ^= 1 } }
            return answer
        }
        var fetch = try sample.fetch(0, 40)
        #expect(try rig.run(fetch)?.get() != sample.bytes(fetch))
        #expect(try rig.run(fetch)?.get() != sample.bytes(fetch))
        fetch.origin = .anew
        #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
        fetch.origin = .any
        #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
        #expect(rig.upstream.calls.count == 3)
        #expect(rig.stop())
    }

    @Test func `a run that stands at a wrong place is dropped, unless it is proven`() throws {
        for isProven in [false, true] {
            let sample = try Sample()
            let rig = Rig(sample)
            #expect(try rig.run(try sample.fetch(5, 30))?.get() == sample.bytes(try sample.fetch(5, 30)))
            try rig.change(sample) { contents in
                contents.records = contents.records.map { record in
                    var record = record
                    record.isProven = isProven
                    return record
                }
                let (xorb, chunks, records) = (contents.xorb, contents.chunks, contents.records)
                let moved = ChunkRunContents(
                    xorb: xorb,
                    chunks: chunks,
                    firstByte: contents.firstByte + 1,
                    records: records
                )
                if let moved { contents = moved }
            }
            let fetch = try sample.fetch(5, 30)
            #expect(try rig.run(fetch)?.get() == sample.bytes(fetch))
            #expect(rig.upstream.calls.count == 2)
            #expect(try rig.runs(of: sample).contains { $0.contents.firstByte != fetch.info.bytes.first } == isProven)
            #expect(rig.stop())
        }
    }

    @Test func `chunks that are gone and have no address have expired`() throws {
        let sample = try Sample()
        let rig = Rig(sample)
        let kept = try sample.fetch(7, 9, url: SignedURL.kept.secret)
        let result = try #require(rig.run(kept))
        let error = #expect(throws: XetError.self) { try result.get() }
        #expect(error?.code == .expired)
        #expect(rig.stop())
    }

    @Test func `hashes that a reader computed are there for the next`() throws {
        let sample = try Sample()
        let rig = Rig(sample)
        let fetch = try sample.fetch(0, 40)
        let hash = ChunkHash(ofChunk: Array("a chunk".utf8))
        for isSecond in [false, true] {
            let started = rig.executor.start { [source = rig.source] in
                var known: [ChunkHash?] = []
                try await source.fetch(fetch) { piece in
                    known.append(piece.hashes?.hash(of: 3))
                    #expect(piece.hashes?.note(hash, of: 3) == true)
                }
                return known
            }
            rig.executor.runUntilIdle()
            #expect(try started.result?.get().first == (isSecond ? hash : nil))
        }
        #expect(rig.stop())
    }
}

/// Counts what a cache tells.
final class CountingEvents: CacheEvents {
    private let state = Mutex<(byteCounts: [CacheOrigin: Int], healedCount: Int)>(([:], 0))

    var byteCounts: [CacheOrigin: Int] { state.withLock { $0.byteCounts } }
    var healedCount: Int { state.withLock { $0.healedCount } }

    func noteServed(_ byteCount: Int, chunkCount: Int, from origin: CacheOrigin) {
        guard byteCount > 0 else { return }
        state.withLock { $0.byteCounts[origin, default: 0] += byteCount }
    }

    func noteHealed() { state.withLock { $0.healedCount += 1 } }

    func noteProven(_ isRight: Bool) {}
}

/// A store in memory that fails and damages as it is told.
final class FaultyChunkStore: ChunkStore, TermStore {
    struct Failure: Error {}

    private let store: MemoryChunkStore
    private let terms = MemoryTermStore()
    private let state = Mutex<(fault: CachingXorbSourceTests.Fault?, damage: Damage?)>((nil, nil))
    private let reserved = Mutex(0)

    /// Changes one of the bytes that are read, if it gives a place and what to change there.
    typealias Damage = @Sendable (_ bytes: Range<Int>) -> (Int, UInt8)?

    init(byteLimit: Int) {
        store = MemoryChunkStore(byteLimit: byteLimit)
    }

    var fault: CachingXorbSourceTests.Fault? {
        get { state.withLock { $0.fault } }
        set { state.withLock { $0.fault = newValue } }
    }

    var damage: Damage? {
        get { state.withLock { $0.damage } }
        set { state.withLock { $0.damage = newValue } }
    }

    var byteCount: Int { store.byteCount }
    var byteLimit: Int { store.byteLimit }

    /// Writers that were neither committed nor abandoned.
    var reservedByteCount: Int { reserved.withLock { $0 } }

    private func fail(_ fault: CachingXorbSourceTests.Fault) throws {
        if self.fault == fault { throw Failure() }
    }

    func runs(of xorb: XorbHash, in chunks: ChunkRange) async throws -> [ChunkRun] {
        try fail(.find)
        return try await store.runs(of: xorb, in: chunks)
    }

    func read(_ bytes: Range<Int>, of run: ChunkRun.ID) async throws -> ByteBuffer {
        try fail(.read)
        let found = try await store.read(bytes, of: run)
        guard let (place, change) = damage?(bytes) else { return found }
        var damaged = Array(found.readableBytesView)
        if damaged.indices.contains(place) { damaged[place] ^= change }
        return ByteBuffer(bytes: damaged)
    }

    func writer(byteCount: Int) async throws -> (any ChunkWriter)? {
        try fail(.room)
        guard let writer = try await store.writer(byteCount: byteCount) else { return nil }
        reserved.withLock { $0 += 1 }
        return Writer(self, writer)
    }

    func note(_ records: [ChunkRecord], of run: ChunkRun.ID) async throws { try await store.note(records, of: run) }
    func remove(_ run: ChunkRun.ID) async throws { try await store.remove(run) }

    func part(of file: FileHash, holding range: FileByteRange) async throws -> FilePart? {
        try await terms.part(of: file, holding: range)
    }
    func keep(_ part: FilePart, of file: FileHash) async throws { try await terms.keep(part, of: file) }
    func parts(of file: FileHash) async throws -> [FilePart] { try await terms.parts(of: file) }
    func forget(_ file: FileHash) async throws { try await terms.forget(file) }

    private final class Writer: ChunkWriter {
        private let store: FaultyChunkStore
        private let writer: any ChunkWriter

        init(_ store: FaultyChunkStore, _ writer: any ChunkWriter) {
            self.store = store
            self.writer = writer
        }

        func append(_ bytes: [ByteBuffer]) async throws {
            try store.fail(.write)
            try await writer.append(bytes)
        }

        func read(_ bytes: Range<Int>) async throws -> ByteBuffer {
            try store.fail(.read)
            return try await writer.read(bytes)
        }

        func commit(_ contents: ChunkRunContents) async throws -> ChunkRun {
            do {
                try store.fail(.commit)
            } catch {
                await abandon()
                throw error
            }
            store.reserved.withLock { $0 -= 1 }
            return try await writer.commit(contents)
        }

        func abandon() async {
            store.reserved.withLock { $0 -= 1 }
            await writer.abandon()
        }
    }
}
