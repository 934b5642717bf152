import Synchronization
public import XetCore

/// A cache of chunks in front of the data hosts and the CAS: what it is made of, and what it does in the background.
public final class ChunkCache<Upstream: XorbSource, Store: ChunkStore & TermStore>: SiteCache {
    /// Most files whose length is remembered until somebody asks for their chunks.
    private static var mostLengthCount: Int { 4096 }
    /// The data hosts, with what is kept in front of them.
    public let xorbs: CachingXorbSource<Upstream, Store>
    private let store: Store
    private let imported: (any ImportedFiles)?
    private let events: any CacheEvents
    private let queue = CacheWorkQueue()
    private let lengths = Mutex<[FileHash: UInt64]>([:])

    /// A cache over a store; `upstream` has the chunks of files that were `imported`, without an address.
    public init(
        _ upstream: Upstream,
        store: Store,
        imported: (any ImportedFiles)? = nil,
        events: any CacheEvents = NoCacheEvents()
    ) {
        self.store = store
        self.imported = imported
        self.events = events
        xorbs = CachingXorbSource(upstream, store: store, events: events) { [queue] in queue.add(.kept($0, $1)) }
    }

    private var proof: CacheProof { CacheProof(terms: store, chunks: store, lost: xorbs.lost, events: events) }

    public var source: any XorbSource { xorbs }

    public var size: (byteCount: Int, limit: Int) { (store.byteCount, store.byteLimit) }

    public func reconstructions(_ upstream: any ReconstructionSource) -> any ReconstructionSource {
        CachingReconstructionSource(upstream, terms: store, chunks: store, imported: imported)
    }

    public func note(_ part: FilePart, of file: FileHash) async {
        if queue.add(.told(part, file)) { return }
        await keep(part, of: file)
        queue.add(.known(file, byteCount: lengths.withLock { $0[file] }))
    }

    /// Keeps terms; without them the chunks of the file stay provisional.
    private func keep(_ part: FilePart, of file: FileHash) async { try? await store.keep(part, of: file) }

    public func note(byteCount: UInt64, of file: FileHash) {
        lengths.withLock { lengths in
            if lengths.count >= Self.mostLengthCount { lengths = [:] }
            lengths[file] = byteCount
        }
    }

    public func isProven(_ range: FileByteRange, of file: FileHash) async -> Bool {
        do {
            return try await proof.isProven(range, of: file)
        } catch {
            return false
        }
    }

    public func missing(_ range: FileByteRange, of file: FileHash) async throws -> UInt64? {
        let places = ChunkPlaces(store: store, imported: imported)
        return try await KeptReconstructionSource(terms: store, places: places).missing(range, of: file)
    }

    /// Takes note of how the download of a whole file ended.
    ///
    /// What was right is proven later. What was wrong is dropped when this returns, so that the next download fetches it anew.
    public func note(_ file: FileHash, byteCount: UInt64, isRight: Bool) async {
        if isRight {
            queue.add(.known(file, byteCount: byteCount))
        } else {
            do {
                try await waitForFlights(of: file)
                try await proof.refute(file, byteCount: byteCount)
            } catch {
                // A store that fails keeps nothing either, and a client that leaves has others to find out.
            }
        }
    }

    /// Returns when the chunks of a file that are on their way are in the store, or lost.
    private func waitForFlights(of file: FileHash) async throws {
        try await xorbs.waitForFlights(of: Set(try await store.parts(of: file).lazy.flatMap(\.terms).map(\.xorb)))
    }

    /// Runs what happens in the background, until it is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.xorbs.run() }
            var desk = ProofDesk(terms: store, chunks: store, lost: xorbs.lost, events: events)
            for await work in queue.work {
                do {
                    switch work {
                    case .kept(let xorb, let chunks): try await desk.take(chunks, of: xorb)
                    case .known(let file, let byteCount): try await desk.advance(file, byteCount: byteCount)
                    case .told(let part, let file):
                        queue.noteTaken(part)
                        await keep(part, of: file)
                        try await desk.advance(file, byteCount: lengths.withLock { $0[file] })
                    }
                } catch {
                    // It is as it was: provisional. A store that fails says so in its own way.
                }
            }
            group.cancelAll()
        }
    }
}
