import NIOCore
import XetAccess
import XetCore

/// Takes the chunks of one window from its fetches, in file order.
struct WindowReader {
    private struct Source {
        let runner: FetchRunner
        /// What its queue gave last, and how much of it was taken.
        var batch: DecodedBatch?
        var takenCount = 0
        var takenByteCount = 0
        var batchNumber = 0
        /// Chunks that will be used again, with the number of uses left.
        var retained: [Int: (chunk: DecodedChunk, uses: Int)] = [:]
        /// Used bytes that were not delivered for the last time yet.
        var rest: Int
        /// Bytes given back to the budget.
        var released = 0

        init(_ runner: FetchRunner) {
            self.runner = runner
            rest = runner.plan.usedByteCount
        }

        /// The next chunk of the batch and its number in the xorb; `nil` if another batch is needed.
        mutating func takeFromBatch() -> (index: Int, chunk: DecodedChunk)? {
            guard let batch, takenCount < batch.chunks.count else { return nil }
            let next = batch.chunks[takenCount]
            let range = takenByteCount..<takenByteCount + next.byteCount
            takenCount += 1
            takenByteCount = range.upperBound
            let chunk = DecodedChunk(buffer: batch.bytes, range: range, batch: batchNumber, hash: next.hash)
            if takenCount == batch.chunks.count { self.batch = nil }
            return (next.index, chunk)
        }

        mutating func open(_ batch: DecodedBatch, number: Int) {
            self.batch = batch
            batchNumber = number
            takenCount = 0
            takenByteCount = 0
        }

        /// Gives back what is reserved beyond `needed` bytes.
        mutating func release(allBut needed: Int, to account: FetchAccount) {
            let excess = runner.reservedByteCount - released - max(0, needed)
            guard excess > 0 else { return }
            released += excess
            account.release(excess)
        }
    }

    /// What may leave at once: bytes of one buffer, and the uses of chunks that end when they have left.
    private struct Run {
        var bytes: VerifiedBytes
        var uses: [Use]
    }

    private struct Use {
        let chunk: Int
        let fetch: Int
        let byteCount: Int
        /// Its place in the file, and its hash.
        let start: UInt64
        let hash: ChunkHash?
        /// Whether bytes of it leave.
        let isDelivered: Bool
    }

    private let plan: DownloadPlan
    private let account: FetchAccount
    private let watch: Stopwatch
    private var sources: [Source]
    private var batchCount = 0
    private var run: Run?

    init(_ window: PlannedWindow, account: FetchAccount, watch: Stopwatch) {
        plan = window.plan
        self.account = account
        self.watch = watch
        sources = window.runners.map(Source.init)
    }

    /// Delivers what lies inside `range` and not before `position`, which becomes the place in the file after it.
    ///
    /// An answer need not begin where it was asked to: chunks that the window before has delivered are passed over.
    mutating func deliver(
        _ range: FileByteRange,
        from position: inout UInt64,
        verifier: inout FileVerifier,
        into sink: inout some DeliverySink
    ) async throws {
        let resumption = max(range.start, position)
        let passedEnd = position
        position = plan.start
        for planned in plan.terms {
            let chunks = planned.term.chunks
            verifier.beginTerm(planned.term)
            for index in chunks.start..<chunks.end {
                let chunk = try await chunk(index, of: planned.fetch, verifier: &verifier, into: &sink)
                let end = position + UInt64(chunk.byteCount)
                // A chunk that only reaches over the border is no repetition: it counts, and then the file hash is wrong.
                let isRepeated = position < passedEnd && end <= passedEnd
                var bytes = try Self.verified { () throws(VerificationError) in
                    let isLast = index == chunks.end - 1
                    let verified = try verifier.verify(chunk, isLastOfTerm: isLast, isRepeated: isRepeated)
                    if end >= range.end { try verifier.checkEnd() }
                    return verified
                }
                bytes.keep(Self.part(of: position..<end, from: resumption, to: range.end))
                let use = Use(
                    chunk: index,
                    fetch: planned.fetch,
                    byteCount: chunk.byteCount,
                    start: position,
                    hash: chunk.hash,
                    isDelivered: bytes.byteCount > 0
                )
                position = end
                try await append(bytes, use, verifier: &verifier, into: &sink)
                if position >= range.end { return try await flush(&verifier, into: &sink) }
            }
        }
        try await flush(&verifier, into: &sink)
        // A window that was asked for before the one in front of it was known may lie in it as a whole.
        position = max(position, passedEnd)
        for index in sources.indices {
            sources[index].release(allBut: 0, to: account)
        }
    }

    /// The part of a chunk that lies inside `start..<end`, counted from the chunk's first byte.
    private static func part(of chunk: Range<UInt64>, from start: UInt64, to end: UInt64) -> Range<Int> {
        let inside = chunk.clamped(to: start..<max(start, end))
        return Int(inside.lowerBound - chunk.lowerBound)..<Int(inside.upperBound - chunk.lowerBound)
    }

    /// Adds bytes to the run if they lie behind it in memory; else the run leaves first.
    private mutating func append(
        _ bytes: VerifiedBytes,
        _ use: Use,
        verifier: inout FileVerifier,
        into sink: inout some DeliverySink
    ) async throws {
        if run?.bytes.join(bytes) == true {
            run?.uses.append(use)
        } else {
            try await flush(&verifier, into: &sink)
            run = Run(bytes: bytes, uses: [use])
        }
    }

    /// Delivers the run; what is read to be verified alone counts as taken too.
    private mutating func flush(_ verifier: inout FileVerifier, into sink: inout some DeliverySink) async throws {
        guard let run = run.take() else { return }
        if run.bytes.byteCount > 0 {
            let leaving = run.uses.filter(\.isDelivered)
            let chunks = leaving.compactMap { use in
                use.hash.map { DeliveredPieces.Chunk(hash: $0, byteCount: use.byteCount) }
            }
            if let start = leaving.first?.start, chunks.count == leaving.count {
                try Self.verified { () throws(VerificationError) in
                    try verifier.checkDelivery(of: chunks, at: start)
                }
            }
            try await sink.deliver(run.bytes.bytes)
        }
        account.noteDelivery(of: run.uses.reduce(0) { $0 + $1.byteCount }, at: watch.elapsed)
        for use in run.uses {
            if use.isDelivered { verifier.noteDelivery(of: use.hash, at: use.start, byteCount: use.byteCount) }
            finish(use)
        }
    }

    /// A chunk of the xorb, kept from before or next in the queue.
    private mutating func chunk(
        _ index: Int,
        of fetch: Int,
        verifier: inout FileVerifier,
        into sink: inout some DeliverySink
    ) async throws -> DecodedChunk {
        if let kept = sources[fetch].retained[index] {
            return kept.chunk
        }
        while true {
            while let (number, chunk) = sources[fetch].takeFromBatch() {
                let uses = sources[fetch].runner.plan.useCount(of: number)
                if uses > 1 || number != index {
                    sources[fetch].retained[number] = (chunk, uses)
                }
                if number == index { return chunk }
            }
            // What is ready leaves before anything is waited for.
            try await flush(&verifier, into: &sink)
            try await openBatch(of: fetch, for: index)
        }
    }

    /// Takes the next batch of a fetch from its queue.
    private mutating func openBatch(of fetch: Int, for index: Int) async throws {
        let runner = sources[fetch].runner
        var waitStart: Duration?
        if runner.batches.isStarved {
            if !runner.isStarted { account.expedite() }
            waitStart = watch.elapsed
        }
        guard let batch = try await runner.batches.next() else {
            throw XetError(
                .corrupt,
                "xorb \(runner.plan.xorb) has no chunk \(index) where the reconstruction says so"
            )
        }
        if let waitStart { account.noteWait(of: watch.elapsed - waitStart) }
        batchCount += 1
        sources[fetch].open(batch, number: batchCount)
    }

    /// Lets go of a chunk after its last use, and of its room.
    private mutating func finish(_ use: Use) {
        if let kept = sources[use.fetch].retained[use.chunk] {
            guard kept.uses == 1 else {
                sources[use.fetch].retained[use.chunk] = (kept.chunk, kept.uses - 1)
                return
            }
            sources[use.fetch].retained[use.chunk] = nil
        }
        sources[use.fetch].rest -= use.byteCount
        sources[use.fetch].release(allBut: sources[use.fetch].rest, to: account)
    }

    /// A failure of the verifier becomes a ``XetError``.
    private static func verified<Value>(_ body: () throws(VerificationError) -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw XetError(.corrupt, "the downloaded bytes are not those of the file", cause: error)
        }
    }
}
