import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetCache
import XetCore
import XetSharing
import XetStoreTestSupport
import XetTestSupport

/// A xorb of one file, and how its chunks are fetched.
struct SampleXorb: Sendable {
    let file: SampleFile
    let hash: XorbHash
    let serialized: [UInt8]
    private let index: XorbIndex

    init(chunkCount: Int, chunkByteCount: Int = 60, seed: UInt64 = 1) throws {
        file = try SampleFile(
            ranges: [0..<chunkCount],
            chunkCount: chunkCount,
            chunkByteCount: chunkByteCount,
            seed: seed
        )
        let xorb = try #require(file.xorbs.values.first)
        (hash, serialized, index) = (xorb.index.hash, xorb.chunks, xorb.index)
    }

    func fetch(_ start: Int, _ end: Int, origin: XorbFetch.Origin = .any) throws -> XorbFetch {
        let chunks = try #require(ChunkRange(start: start, end: end))
        let bytes = try #require(index.serializedRange(of: chunks))
        let url = SignedURL("https://cdn.example/\(hash)?generation=0")
        return XorbFetch(
            xorb: hash,
            info: try FetchInfo(chunks: chunks, bytes: bytes, url: url),
            origin: origin
        )
    }

    func bytes(_ fetch: XorbFetch) -> [UInt8] {
        Array(serialized[Int(fetch.info.bytes.first)...Int(fetch.info.bytes.last)])
    }
}

/// What replicas of one site have in common: a store, and the time.
struct Site: Sendable {
    let executor = StepExecutor()
    let store = MemoryObjectStore(pieceByteCount: 500)
    let clock = ManualClock()
    private let start = ContinuousClock.now

    var time: StoreTime {
        StoreTime(
            now: { start + clock.now.offset },
            sleep: { [clock] in try await clock.sleep(for: $0) }
        )
    }

    /// Lets all go on until nothing happens, and as much time pass, in steps.
    func pass(_ duration: Duration = .zero) {
        executor.runUntilIdle()
        var rest = duration
        while rest > .zero {
            let step = min(rest, .milliseconds(20))
            let before = clock.now.offset.components.seconds
            clock.advance(by: step)
            store.now += clock.now.offset.components.seconds - before
            executor.runUntilIdle()
            rest -= step
        }
    }

    /// The last parts of the names of the objects that hold chunks.
    var blocks: [String] {
        store.objects.keys.filter { $0.contains("/chunks/") }.compactMap { $0.split(separator: "/").last }
            .map(String.init).sorted()
    }

    /// The names of all other objects.
    var claims: [String] { store.objects.keys.filter { !$0.contains("/chunks/") } }
}

/// A process of a site, with a cache of its own and the data host.
struct Replica: Sendable {
    let site: Site
    let upstream: ScriptedXorbSource
    let events = NotedEvents()
    let shared: SharedBlocks
    private let source: CachingXorbSource<SharedXorbSource<ScriptedXorbSource>, MemoryCacheStore>
    private let running: [Started<Void>]

    init(
        _ site: Site,
        _ sample: SampleXorb,
        secret: String? = "a secret of the site",
        store: (any ObjectStore)? = nil,
        script: @escaping @Sendable (ScriptedXorbSource.Call) -> ScriptedXorbSource.Answer = { _ in .init() }
    ) {
        self.site = site
        upstream = ScriptedXorbSource(sample.file, script: script)
        let kept = MemoryCacheStore(byteLimit: 64 << 20)
        let shared = SharedBlocks(
            store ?? site.store,
            area: SharedArea(secret: secret.map { Array($0.utf8) }),
            kept: kept,
            events: events,
            time: site.time
        )
        self.shared = shared
        let source = CachingXorbSource(SharedXorbSource(upstream, shared), store: kept)
        self.source = source
        running = [
            site.executor.start { await source.run() },
            site.executor.start { await shared.run() },
        ]
        site.pass()
    }

    /// Starts a fetch; what it gives.
    ///
    /// `look` gets each piece.
    func start(
        _ fetch: XorbFetch,
        _ look: @escaping @Sendable (XorbPiece) -> Void = { _ in }
    ) -> Started<[UInt8]> {
        site.executor.start { [source] in
            var bytes: [UInt8] = []
            try await source.fetch(fetch) { piece in
                look(piece)
                bytes += piece.bytes.readableBytesView
            }
            return bytes
        }
    }

    /// Fetches, while as much time passes as it needs.
    func read(
        _ fetch: XorbFetch,
        _ look: @escaping @Sendable (XorbPiece) -> Void = { _ in }
    ) throws -> [UInt8] {
        let started = start(fetch, look)
        for _ in 0..<4000 where started.isWaiting { site.pass(.milliseconds(20)) }
        let result = try #require(started.result)
        return try result.get()
    }

    /// Ends the process; whether all that ran has ended.
    func stop() -> Bool {
        for task in running { task.cancel() }
        site.pass()
        return running.allSatisfy { !$0.isWaiting }
    }
}
