import DequeModule
import XetCore

/// The chunks of one fetch between their arrival and their last use, and the memory that they have; without a lock.
///
/// Chunks go in by batches, in the order of the xorb, whoever brings them; they come out by their number.
struct LaneStateMachine: Sendable {
    /// What the next chunk is.
    enum Take: Sendable {
        case chunk(DecodedChunk)
        /// It has not come yet.
        case wait
        /// The fetch is over and had no such chunk.
        case missing
        case failure(any Error)
        case closed
    }

    /// What a fetch gives back to the budget.
    struct Release: Hashable, Sendable {
        var held = 0
        var ahead = 0

        var isEmpty: Bool { held == 0 && ahead == 0 }
    }

    /// Memory that is given back at once; less would cost more than it is worth.
    static let releaseByteCount = 256 << 10

    private let plan: PlannedFetch
    private let ordinal: Int
    private var batches: Deque<DecodedBatch> = []
    /// How much of the first batch was taken.
    private var takenCount = 0
    private var takenByteCount = 0
    private var batchNumber = 0
    /// Chunks that were taken out of a batch and will be used, with the number of uses left.
    private var retained: [Int: (chunk: DecodedChunk, uses: Int)] = [:]
    /// The first chunk that was neither put in nor skipped.
    private(set) var next: Int
    /// Memory granted for chunks.
    private(set) var granted = 0
    /// Bytes of the chunks that are here.
    private var filled = 0
    /// Bytes that are used and have not left for the last time.
    private var rest: Int
    /// What counts as ahead of the reader, since there is a place.
    private var ahead = 0
    private var end: Result<Void, any Error>?
    private(set) var isClosed = false

    /// `ordinal` is the number of the fetch among all of its download.
    init(_ plan: PlannedFetch, ordinal: Int) {
        self.plan = plan
        self.ordinal = ordinal
        next = plan.info.chunks.start
        rest = plan.usedByteCount
    }

    /// Bytes that will come and for which there is no memory yet.
    var wantedByteCount: Int { max(0, rest - filled) }

    /// Whether whoever brings chunks has to wait.
    var isFull: Bool { filled >= max(1, granted) && !isComplete && !isClosed }

    /// Whether every chunk that is used has come.
    var isComplete: Bool { next >= plan.usedEnd }

    /// Whether what a GET may still bring is of use: of a range that is used to its end all is, since it is checked as a whole.
    var isGETUseful: Bool { !isClosed && !(isComplete && plan.usedEnd < plan.info.chunks.end) }

    /// Whether the reader has to wait for whatever comes next.
    var isStarved: Bool { batches.isEmpty && end == nil && !isClosed }

    /// Notes a place for the GET; returns what is given back at once.
    mutating func place() -> Release {
        guard !isClosed else { return Release(ahead: plan.usedByteCount) }
        ahead = plan.usedByteCount
        return Release()
    }

    /// Notes memory for chunks.
    mutating func grant(_ byteCount: Int) {
        granted += byteCount
    }

    /// Takes back the memory of what has not come: the GET has failed, and the next may take long.
    mutating func pause() -> Release {
        guard !isClosed else { return Release() }
        let release = Release(held: max(0, granted - filled))
        granted -= release.held
        return release
    }

    /// Puts in what is new in a batch.
    mutating func put(_ batch: DecodedBatch) {
        guard !isClosed else { return }
        var batch = batch
        batch.drop(before: next)
        guard let last = batch.chunks.last else { return }
        next = last.index + 1
        filled += batch.byteCount
        batches.append(batch)
    }

    /// Notes that nothing more comes, and why.
    mutating func noteEnd(_ result: Result<Void, any Error>) {
        if end == nil { end = result }
    }

    /// The chunk with a number.
    mutating func take(_ index: Int) -> Take {
        if isClosed { return .closed }
        if let kept = retained[index] { return .chunk(kept.chunk) }
        while let (number, chunk) = takeFromBatch() {
            let uses = plan.useCount(of: number)
            if uses > 1 || number != index { retained[number] = (chunk, uses) }
            if number == index { return .chunk(chunk) }
        }
        return switch end {
        case nil: .wait
        case .success: .missing
        case .failure(let error): .failure(error)
        }
    }

    private mutating func takeFromBatch() -> (index: Int, chunk: DecodedChunk)? {
        guard let batch = batches.first else { return nil }
        let next = batch.chunks[takenCount]
        let range = takenByteCount..<takenByteCount + next.byteCount
        let chunk = DecodedChunk(
            buffer: batch.bytes,
            range: range,
            batch: BatchID(fetch: ordinal, number: batchNumber),
            hash: next.hash
        )
        takenCount += 1
        takenByteCount = range.upperBound
        if takenCount == batch.chunks.count {
            batches.removeFirst()
            batchNumber += 1
            (takenCount, takenByteCount) = (0, 0)
        }
        return (next.index, chunk)
    }

    /// Notes that a chunk has left; returns what is not needed any more.
    mutating func leave(_ index: Int, byteCount: Int) -> Release {
        if let kept = retained[index] {
            guard kept.uses == 1 else {
                retained[index] = (kept.chunk, kept.uses - 1)
                return Release()
            }
            retained[index] = nil
        }
        guard !isClosed else { return Release() }
        filled -= byteCount
        rest -= byteCount
        let release = Release(held: max(0, granted - max(0, rest)), ahead: max(0, ahead - max(0, rest)))
        guard rest <= 0 || max(release.held, release.ahead) >= Self.releaseByteCount else { return Release() }
        granted -= release.held
        ahead -= release.ahead
        return release
    }

    /// Drops everything; returns what is given back.
    mutating func close() -> Release {
        guard !isClosed else { return Release() }
        isClosed = true
        batches = []
        retained = [:]
        defer { (granted, ahead) = (0, 0) }
        return Release(held: granted, ahead: ahead)
    }
}
