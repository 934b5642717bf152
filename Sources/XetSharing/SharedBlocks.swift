import Synchronization
public import XetAccess
public import XetCore

/// A store that replicas share, as a process uses it: what it reads, writes, claims and doubts.
///
/// ``run()`` has to run for anything to be written.
public final class SharedBlocks: Sendable {
    /// Most xorbs of which parts are doubted; of more all of them is forgotten.
    private static let mostDoubtCount = 4096

    private struct State {
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
    let publisher: BlockPublisher
    let time: StoreTime
    private let state = Mutex(State())

    /// A store, and what is kept here, from which it is filled.
    public init(
        _ store: any ObjectStore,
        area: SharedArea,
        kept: any ChunkStore,
        events: any SharedStoreEvents = NoSharedStoreEvents(),
        time: StoreTime = .continuous
    ) {
        self.time = time
        shelf = BlockShelf(store, area, time: time, events: events)
        publisher = BlockPublisher(shelf, kept: kept, time: time, events: events)
    }

    /// Writes in the background, until it is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.publisher.run() }
            group.addTask { await self.shelf.run() }
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
            publisher.add(.release(range))
            throw error
        }
        return isTaken ? .taken(Claim(range: range)) : .others
    }

    /// Ends a claim of which nothing has come.
    func giveUp(_ claim: Claim) {
        state.withLock { _ = $0.claims.remove(claim.range) }
        publisher.add(.release(claim.range))
    }

    // MARK: What came

    /// A range came from the store.
    func noteRead(_ range: SharedRange) {
        var fetched = BlockPublisher.Fetched(range)
        fetched.isFromStore = true
        publisher.add(fetched)
    }

    /// A range came from upstream; what the store has of the `doubted` blocks is to be replaced.
    func noteFetched(_ range: SharedRange, _ claim: Claim?, doubted: Set<Block>) {
        state.withLock { state in
            if claim != nil { state.claims.remove(range) }
            guard let doubts = state.doubts[range.xorb] else { return }
            let rest = doubts.flatMap { $0.subtracting(range.chunks) }
            state.doubts[range.xorb] = rest.isEmpty ? nil : rest
        }
        var fetched = BlockPublisher.Fetched(range)
        fetched.isClaimed = claim != nil
        fetched.doubted = doubted
        publisher.add(fetched)
    }
}

extension ChunkRange {
    /// What is left without the chunks of another.
    fileprivate func subtracting(_ other: ChunkRange) -> [ChunkRange] {
        guard intersection(other) != nil else { return [self] }
        return [ChunkRange(start: start, end: other.start), ChunkRange(start: other.end, end: end)].compactMap { $0 }
    }
}
