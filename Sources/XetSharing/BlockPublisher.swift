import Synchronization
import XetAccess
import XetCore

/// Writes what is kept here into the store, in the background: whole blocks as soon as all their chunks are here, and what is
/// left at the ends of ranges when nothing has completed it for a while, or at once if another replica waits for it.
final class BlockPublisher: Sendable {
    /// A range that was fetched, or something else to do in the store.
    enum Work: Sendable {
        case fetched(Fetched)
        /// Something else is there under its name.
        case remove(Block)
        /// It is used.
        case touch(Block)
        /// Nothing will come of a claim.
        case release(Block)
    }

    struct Fetched: Sendable {
        let range: Block
        /// Whether this replica has said that it fetches the range.
        let isClaimed: Bool
        /// Whether it came from the store itself: then only whole blocks are missing there.
        let isFromStore: Bool
        /// Whether what the store has of it is not right.
        let isReplacement: Bool
        /// When what is left of it is written as it is.
        let deadline: ContinuousClock.Instant
        var isWaitedFor = false
        /// The pieces that are not in the store yet; all of them at first.
        var rest: [BlockPiece]
    }

    private static let mostWorkCount = 4096
    /// Objects that are put together and written at once, of at most 16 MiB each.
    private static let width = 3
    /// How long the chunks next to a range are waited for.
    static let patience = Duration.seconds(2)
    /// How long a range takes at least from the network into what is kept here.
    static let firstDelay = Duration.milliseconds(100)

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
    func note(_ range: Block, isClaimed: Bool = false, isFromStore: Bool = false, isReplacement: Bool = false) {
        let fetched = Fetched(
            range: range,
            isClaimed: isClaimed,
            isFromStore: isFromStore,
            isReplacement: isReplacement,
            deadline: time.now() + Self.patience,
            rest: BlockPiece.pieces(of: range.chunks, in: range.xorb)
        )
        add(.fetched(fetched), after: Self.firstDelay)
    }

    /// Has something done soon.
    func add(_ work: Work) { add(work, after: .zero) }

    private func add(_ work: Work, after delay: Duration) {
        if !queue.add(work, after: delay) { events.noteLeftOut() }
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

    /// Returns when all that waits is done, without waiting for what may come. Throws `CancellationError`.
    func finish() async throws { try await queue.finish() }

    private func perform(_ work: Work) async {
        do {
            switch work {
            case .remove(let block): try await shelf.remove(block)
            case .touch(let block): try await shelf.touch(block)
            case .release(let range): try await shelf.release(range, isWaitedFor: false)
            case .fetched(let fetched): try await write(fetched)
            }
        } catch {
            // The shelf has said what is wrong with the store. What is not written is fetched by others.
            if case .fetched(let fetched) = work, fetched.isClaimed { try? await release(fetched) }
        }
    }

    private func write(_ fetched: Fetched) async throws {
        var fetched = fetched
        let isLast = queue.isHurried || time.now() >= fetched.deadline
        if fetched.isClaimed, !fetched.isWaitedFor {
            fetched.isWaitedFor = try await shelf.isWaitedFor(fetched.range)
        }
        let blocks = try await KeptBlocks(kept, of: fetched.range.xorb, in: fetched.around)
        var rest: [BlockPiece] = []
        for piece in fetched.rest {
            if try await !write(piece, of: fetched, blocks, isLast: isLast) { rest.append(piece) }
        }
        fetched.rest = rest
        // What is not here at the end never was, or is no more.
        guard rest.isEmpty || isLast else {
            let delay = min(Self.patience / 2, max(.zero, fetched.deadline - time.now()))
            return add(.fetched(fetched), after: delay)
        }
        if fetched.isClaimed { try await release(fetched) }
    }

    /// Writes the whole block around a piece if all of it is here, or the piece, if that cannot wait; `false` if it can.
    private func write(
        _ piece: BlockPiece,
        of fetched: Fetched,
        _ blocks: KeptBlocks,
        isLast: Bool
    ) async throws -> Bool {
        if fetched.isReplacement {
            for block in piece.candidates { try await shelf.remove(block) }
        } else if shelf.isKnown(piece.whole) {
            return true
        }
        if blocks.hasAll(piece.whole.chunks) {
            // Another replica may have done it meanwhile, and a refusal would come after all bytes.
            let found = fetched.isFromStore ? try await shelf.header(of: piece.whole, onOld: {}) : nil
            if found == nil { try await put(piece.whole, blocks) }
            for part in shelf.knownParts(of: piece.whole) { try await shelf.remove(part) }
            return true
        }
        guard blocks.hasAll(piece.wanted.chunks), isLast || fetched.isWaitedFor else { return isLast }
        if !fetched.isFromStore, !shelf.isKnown(piece.wanted) { try await put(piece.wanted, blocks) }
        return true
    }

    private func put(_ block: Block, _ blocks: KeptBlocks) async throws {
        guard let contents = try await blocks.contents(of: block.chunks) else { return }
        try await shelf.put(block, firstByte: contents.firstByte, byteCounts: contents.byteCounts, contents.bytes)
    }

    private func release(_ fetched: Fetched) async throws {
        try await shelf.release(fetched.range, isWaitedFor: fetched.isWaitedFor)
    }
}

extension BlockPublisher.Fetched {
    /// The range, and the rest of the blocks that it lies in.
    fileprivate var around: ChunkRange {
        let start = range.chunks.start / Block.chunkCount * Block.chunkCount
        let end = (range.chunks.end + Block.chunkCount - 1) / Block.chunkCount * Block.chunkCount
        return ChunkRange(start: start, end: end) ?? range.chunks
    }
}
