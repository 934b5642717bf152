import Synchronization
public import XetAccess
public import XetCore

/// A store that replicas share, as a process uses it: what it reads, writes, claims and doubts.
///
/// ``run()`` has to run for anything to be written.
public final class SharedBlocks: Sendable {
    /// Most xorbs of which parts are doubted; of more all of them is forgotten.
    private static let mostDoubtCount = 4096

    /// How often a claim is renewed: one that is older is that of a process that is gone.
    static let renewalTime = Duration.seconds(5)

    /// How long nobody is waited for after it was in vain: all readers of a store that lies about claims would wait.
    private static let restAfterVainWait = Duration.seconds(60)

    private struct State {
        /// Until when no other replica is waited for.
        var impatientUntil: ContinuousClock.Instant?
        /// Ranges that this process has claimed, until that has ended in the store.
        var claims: Set<SharedRange> = []
        /// Chunks that may be wrong in the store, since a file with them was.
        var doubts: [XorbHash: [ChunkRange]] = [:]
    }

    enum ClaimOutcome {
        /// The range is to be fetched here.
        case taken(Claim)
        /// It is being fetched here already.
        case own
        /// Another replica fetches it.
        case others
    }

    let shelf: BlockShelf
    let time: StoreTime
    /// Whether nobody else can be asked: then there is nothing to claim, and nothing to write.
    let isOffline: Bool
    private let publisher: BlockPublisher
    private let renewals: DelayedQueue<SharedRange>
    private let state = Mutex(State())

    /// A store, and what is kept here, from which it is filled.
    ///
    /// If it `isOffline`, what it does not have is nowhere: it is read, and what was imported too.
    public init(
        _ store: any ObjectStore,
        area: SharedArea,
        kept: any ChunkStore,
        isOffline: Bool = false,
        events: any SharedStoreEvents = NoSharedStoreEvents(),
        time: StoreTime = .continuous
    ) {
        self.time = time
        self.isOffline = isOffline
        shelf = BlockShelf(store, area, time: time, events: events)
        publisher = BlockPublisher(shelf, kept: kept, time: time, events: events)
        // Of more claims than that some are taken for those of a process that is gone.
        renewals = DelayedQueue(mostCount: 1 << 14, time: time)
        if isOffline { shelf.imports = .first }
    }

    /// Writes in the background, until it is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.publisher.run() }
            group.addTask { await self.shelf.run() }
            group.addTask { await self.renew() }
        }
    }

    /// Renews claims while what is claimed is fetched and written.
    private func renew() async {
        while let range = try? await renewals.next() {
            defer { renewals.noteDone() }
            guard state.withLock({ $0.claims.contains(range) }) else { continue }
            // What cannot be renewed is fetched by others too.
            try? await shelf.renewClaim(range)
            _ = renewals.add(range, after: Self.renewalTime)
        }
    }

    /// Returns when all is written that waits for it.
    ///
    /// Throws `CancellationError`.
    public func finish() async throws { try await publisher.finish() }

    /// What waits to be written.
    public var waitingCount: Int { publisher.count }

    /// Takes note that a file was wrong: what is in the store of its terms is not used again, and replaced.
    public func doubt(_ terms: some Sequence<Term>) {
        state.withLock { state in
            if state.doubts.count >= Self.mostDoubtCount { state.doubts = [:] }
            for term in terms where state.doubts[term.xorb]?.contains(term.chunks) != true {
                state.doubts[term.xorb, default: []].append(term.chunks)
            }
        }
    }

    /// Has something done in the store, in the background.
    func add(_ work: BlockPublisher.Work) { publisher.add(work) }

    /// Asks the store for what nobody else has.
    ///
    /// Throws ``XetError``: `.unavailable` if it does not answer, `.corrupt` if what it has is not right.
    func asking<Value>(_ body: (BlockShelf) async throws -> Value) async throws -> Value {
        do {
            return try await body(shelf)
        } catch let error as ShelfError {
            throw error.forReaders
        }
    }

    func isDoubted(_ range: SharedRange) -> Bool {
        state.withLock { $0.doubts[range.xorb]?.contains { $0.intersection(range.chunks) != nil } ?? false }
    }

    // MARK: Claims

    func claim(_ range: SharedRange) async throws -> ClaimOutcome {
        let isOwn = state.withLock { !$0.claims.insert(range).inserted }
        guard !isOwn else { return .own }
        var isTaken = false
        defer { if !isTaken { state.withLock { _ = $0.claims.remove(range) } } }
        do {
            isTaken = try await shelf.claim(range)
        } catch let error as CancellationError {
            // It may have been taken all the same; if it is another's, that costs a fetch more than needed.
            add(.release(range))
            throw error
        }
        guard isTaken else { return .others }
        _ = renewals.add(range, after: Self.renewalTime)
        return .taken(Claim(range: range))
    }

    /// Ends a claim of which nothing has come.
    func giveUp(_ claim: Claim) {
        noteReleased(claim.range)
        add(.release(claim.range))
    }

    /// A claim of this process has ended in the store, or is not renewed.
    private func noteReleased(_ range: SharedRange) { state.withLock { _ = $0.claims.remove(range) } }

    /// Whether another replica is waited for that has claimed a range.
    var isWorthWaiting: Bool {
        let now = time.now()
        return state.withLock { $0.impatientUntil.map { $0 <= now } ?? true }
    }

    /// Another replica was waited for, and nothing came of it.
    func noteVainWait() {
        let until = time.now() + Self.restAfterVainWait
        state.withLock { $0.impatientUntil = until }
    }

    // MARK: What came

    /// A range came from the store.
    func noteRead(_ range: SharedRange) {
        guard !isOffline else { return }
        var fetched = BlockPublisher.Fetched(range)
        fetched.isFromStore = true
        publisher.add(fetched)
    }

    /// A range came from upstream; what the store has of the `doubted` blocks is to be replaced.
    func noteFetched(_ range: SharedRange, _ claim: Claim?, doubted: Set<Block>) {
        state.withLock { state in
            guard let doubts = state.doubts[range.xorb] else { return }
            let rest = doubts.flatMap { $0.subtracting(range.chunks) }
            state.doubts[range.xorb] = rest.isEmpty ? nil : rest
        }
        var fetched = BlockPublisher.Fetched(range)
        if let claim {
            fetched.onRelease = { [weak self] in self?.noteReleased(claim.range) }
        }
        fetched.doubted = doubted
        publisher.add(fetched)
    }
}

extension ChunkRange {
    /// What is left without the chunks of another.
    func subtracting(_ other: ChunkRange) -> [ChunkRange] {
        guard intersection(other) != nil else { return [self] }
        return [ChunkRange(start: start, end: other.start), ChunkRange(start: other.end, end: end)].compactMap { $0 }
    }
}
