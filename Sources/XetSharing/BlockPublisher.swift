import Synchronization
import XetAccess
import XetCore

/// Writes what is kept here into the store, in the background: blocks as soon as all their chunks are here, and chunks of other
/// blocks when nothing has completed those for a while, or at once if another replica waits for them.
final class BlockPublisher: Sendable {
    /// Something to do in the store.
    enum Work: Sendable {
        case fetched(Fetched)
        /// An object that is old is used.
        case touch(BlockObject)
        /// Nothing will come of a claim.
        case release(SharedRange)
        /// Nobody here waits for a range any more.
        case endWait(SharedRange)
    }

    /// A range that was fetched.
    struct Fetched: Sendable {
        let range: SharedRange
        /// Called when this replica no longer says that it fetches the range; `nil` if it has not said so.
        var onRelease: (@Sendable () -> Void)?
        /// Whether it came from the store itself: then only blocks may be missing there.
        var isFromStore = false
        /// The blocks of which what the store has is not right.
        var doubted: Set<Block> = []
        fileprivate var isWaitedFor = false
        /// When what is left of it is written as it is.
        fileprivate var deadline: ContinuousClock.Instant?
        /// What is not written yet.
        fileprivate var rest: [BlockPiece]

        init(_ range: SharedRange) {
            self.range = range
            rest = range.pieces
        }
    }

    private static let mostWorkCount = 4096
    /// Objects that are put together and written at once, of at most 16 MiB each.
    private static let width = 3
    /// How long the chunks next to a range are waited for.
    private static let patience = Duration.seconds(2)
    /// How long a range takes at least from the network into what is kept here.
    private static let firstDelay = Duration.milliseconds(100)
    /// How much longer than that it may take on a machine that is busy.
    private static let grace = Duration.seconds(8)

    private let shelf: BlockShelf
    private let kept: any ChunkStore
    private let time: StoreTime
    private let events: any SharedStoreEvents
    private let queue: DelayedQueue<Work>

    init(_ shelf: BlockShelf, kept: any ChunkStore, time: StoreTime, events: any SharedStoreEvents) {
        self.shelf = shelf
        self.kept = kept
        self.time = time
        self.events = events
        queue = DelayedQueue(mostCount: Self.mostWorkCount, time: time)
    }

    /// What waits to be done.
    var count: Int { queue.count }

    /// Has a range written that was fetched and is being kept here.
    func add(_ fetched: Fetched) {
        var fetched = fetched
        fetched.deadline = time.now() + Self.patience
        add(.fetched(fetched), after: Self.firstDelay)
    }

    /// Has something done, soon.
    func add(_ work: Work, after delay: Duration = .zero) {
        guard !queue.add(work, after: delay) else { return }
        events.noteLeftOut()
        if case .fetched(let fetched) = work { fetched.onRelease?() }
    }

    /// Works until it is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<Self.width {
                group.addTask {
                    while let work = try? await self.queue.next() {
                        await self.perform(work)
                        self.queue.noteDone()
                    }
                }
            }
        }
    }

    /// Returns when all that waits is done, without waiting for what may come.
    ///
    /// Throws `CancellationError`.
    func finish() async throws { try await queue.finish() }

    private func perform(_ work: Work) async {
        do {
            switch work {
            case .touch(let object): try await shelf.touch(object)
            case .release(let range): try await shelf.release(range)
            case .endWait(let range): try await shelf.endWait(for: range)
            case .fetched(let fetched): try await write(fetched)
            }
        } catch {
            // The shelf has said what is wrong with the store. What is not written is fetched by others.
            if case .fetched(let fetched) = work { try? await release(fetched) }
        }
    }

    private func release(_ fetched: Fetched) async throws {
        guard let onRelease = fetched.onRelease else { return }
        defer { onRelease() }
        try await shelf.release(fetched.range)
    }

    private func write(_ work: Fetched) async throws {
        var fetched = work
        for block in fetched.doubted {
            for object in block.objects { try await shelf.remove(object) }
        }
        fetched.doubted = []
        if fetched.onRelease != nil, !fetched.isWaitedFor {
            fetched.isWaitedFor = try await shelf.isWaitedFor(fetched.range)
        }
        let left = fetched.deadline.map { $0 - time.now() } ?? .zero
        let isLast = queue.isHurried || left <= .zero
        let isOver = queue.isHurried || left <= .zero - Self.grace
        let blocks = try await KeptBlocks(kept, of: fetched.range.xorb, in: fetched.around)
        var rest: [BlockPiece] = []
        for piece in fetched.rest {
            let isDone = try await write(piece, of: fetched, blocks, isLast: isLast)
            if !isDone { rest.append(piece) }
        }
        fetched.rest = rest
        // What is not here in the end never was, or is no more.
        guard rest.isEmpty || isOver else {
            return add(.fetched(fetched), after: isLast ? Self.patience / 2 : min(Self.patience / 2, left))
        }
        try await release(fetched)
    }

    /// Writes the block of a piece if all of it is here, or what is here if that cannot wait; `false` if it can.
    private func write(
        _ piece: BlockPiece,
        of fetched: Fetched,
        _ blocks: KeptBlocks,
        isLast: Bool
    ) async throws -> Bool {
        let block = piece.block
        guard shelf.known(block.whole) == nil else { return true }
        guard let extent = blocks.extent(around: piece.chunks, in: block.chunks) else { return false }
        if extent == block.chunks {
            // Another replica may have done it meanwhile, and a refusal would come after all bytes.
            let found = fetched.isFromStore ? try await shelf.header(of: block.whole) : nil
            if found == nil, let contents = try await blocks.contents(of: extent) {
                _ = try await shelf.put(block.whole, contents)
            }
            for part in shelf.knownParts(of: block) { try await shelf.remove(part) }
            return true
        }
        guard isLast || fetched.isWaitedFor else { return false }
        if !fetched.isFromStore { try await writePart(piece, extent, blocks) }
        return true
    }

    /// Writes what is here of a block as its next part, unless the piece is in one that is there.
    private func writePart(_ piece: BlockPiece, _ extent: ChunkRange, _ blocks: KeptBlocks) async throws {
        for part in piece.block.parts {
            var header = shelf.known(part)
            if header == nil {
                guard let contents = try await blocks.contents(of: extent) else { return }
                if try await shelf.put(part, contents) { return }
                header = try await shelf.header(of: part)
            }
            if let header, header.chunks.contains(piece.chunks) { return }
        }
    }
}

extension BlockPublisher.Fetched {
    /// The range, and the rest of the blocks that it lies in.
    fileprivate var around: ChunkRange {
        let pieces = range.pieces
        guard let first = pieces.first, let last = pieces.last else { return range.chunks }
        return ChunkRange(start: first.block.chunks.start, end: last.block.chunks.end) ?? range.chunks
    }
}
