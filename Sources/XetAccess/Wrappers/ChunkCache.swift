import Synchronization
public import XetCore

/// A cache of chunks in front of the data hosts and the CAS: what it is made of, and what it does in the background.
public final class ChunkCache<Upstream: XorbSource, Store: ChunkStore & TermStore>: Sendable {
    /// A whole file that was downloaded, and was right.
    private struct Download: Sendable {
        let file: FileHash
        let byteCount: UInt64
    }

    /// Downloads that wait to be proven; of more the oldest are not, which costs nothing but the proof.
    private static var mostWaitingCount: Int { 1024 }

    /// The data hosts, with what is kept in front of them.
    public let xorbs: CachingXorbSource<Upstream, Store>
    private let store: Store
    private let proof: CacheProof
    private let downloads: AsyncStream<Download>
    private let queue: AsyncStream<Download>.Continuation

    /// A cache over a store.
    public init(_ upstream: Upstream, store: Store, events: any CacheEvents = NoCacheEvents()) {
        self.store = store
        xorbs = CachingXorbSource(upstream, store: store, events: events)
        proof = CacheProof(terms: store, chunks: store)
        (downloads, queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.mostWaitingCount))
    }

    /// The CAS, with what is known of files in front of it, for somebody who may have them.
    public func reconstructions(_ upstream: any ReconstructionSource) -> any ReconstructionSource {
        CachingReconstructionSource(upstream, terms: store, chunks: store)
    }

    /// Takes note of how the download of a whole file ended.
    ///
    /// What was right is proven later. What was wrong is dropped when this returns, so that the next download fetches it anew.
    public func note(_ file: FileHash, byteCount: UInt64, isRight: Bool) async {
        if isRight {
            queue.yield(Download(file: file, byteCount: byteCount))
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
            for await download in downloads {
                await prove(download)
            }
            group.cancelAll()
        }
    }

    private func prove(_ download: Download) async {
        do {
            try await waitForFlights(of: download.file)
            try await proof.prove(download.file, byteCount: download.byteCount)
        } catch {
            // It is as it was: provisional.
        }
    }
}
