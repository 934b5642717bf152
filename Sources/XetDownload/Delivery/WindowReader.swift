import NIOCore
import XetAccess
import XetCore

/// A window whose fetches have lanes.
struct OpenWindow: Sendable {
    let plan: DownloadPlan
    /// The lanes of the plan's fetches.
    let lanes: [FetchLane]
}

/// Takes the chunks of one window from its lanes, in file order; verifies them, and delivers them.
struct WindowReader {
    /// What may leave at once: bytes of one batch, and the uses of chunks that end when they have left.
    private struct Run {
        var bytes: VerifiedBytes
        var uses: [Use]

        /// Takes up what lies behind it in memory; returns whether it does.
        mutating func join(_ next: Run) -> Bool {
            guard bytes.join(next.bytes) else { return false }
            uses += next.uses
            return true
        }
    }

    /// Where the next chunk of the file comes from.
    private struct Place {
        let chunk: Int
        let fetch: Int
        let isLastOfTerm: Bool
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

    private let window: OpenWindow
    private let account: FetchAccount
    private let watch: Stopwatch
    /// Tells since when the reader has been blocked.
    private let taking: Pulse
    private var run: Run?
    /// What leaves after it.
    private var next: Run?

    init(_ window: OpenWindow, account: FetchAccount, watch: Stopwatch, taking: Pulse) {
        self.window = window
        self.account = account
        self.watch = watch
        self.taking = taking
    }

    /// Delivers what lies inside `range` and not before the course's position, which becomes the place in the file after it.
    ///
    /// An answer need not begin where it was asked to: chunks that the window before has delivered are passed over.
    /// When it throws ``LaneClosedError``, all bytes before the position were delivered.
    mutating func deliver(
        _ range: FileByteRange,
        _ course: inout DownloadCourse,
        into sink: inout some DeliverySink
    ) async throws {
        let passedEnd = course.position
        let wanted = max(range.start, passedEnd)..<max(range.start, passedEnd, range.end)
        course.position = window.plan.start
        defer {
            // A window that was asked for before the one in front of it was known may lie in it as a whole.
            course.position = max(course.position, passedEnd)
            for lane in window.lanes { lane.close() }
        }
        for planned in window.plan.terms {
            let chunks = planned.term.chunks
            course.verifier.beginTerm(planned.term)
            for index in chunks.start..<chunks.end {
                let place = Place(chunk: index, fetch: planned.fetch, isLastOfTerm: index == chunks.end - 1)
                while try await !take(place, wanted, passedEnd: passedEnd, &course, into: &sink) {
                    try await waitForChunk(place)
                }
                if course.position >= range.end { return try await flush(&course, into: &sink) }
            }
        }
        try await flush(&course, into: &sink)
    }

    /// Takes a chunk if it is there, verifies it, and lets leave what it cannot leave with; returns whether it was there.
    ///
    /// What is ready leaves before anything is waited for.
    private mutating func take(
        _ place: Place,
        _ wanted: Range<UInt64>,
        passedEnd: UInt64,
        _ course: inout DownloadCourse,
        into sink: inout some DeliverySink
    ) async throws -> Bool {
        let isThere: Bool
        do {
            isThere = try add(place, wanted, passedEnd: passedEnd, &course)
        } catch let error where !(error is VerificationError) {
            try await flush(&course, into: &sink)
            throw error
        } catch {
            throw XetError(.corrupt, "the downloaded bytes are not those of the file", cause: error)
        }
        if !isThere || next != nil { try await flush(&course, into: &sink) }
        if let next = next.take() { run = next }
        // A reader that may be slow is not to keep a batch in memory.
        if isThere, course.flow.pieceByteCount != nil { try await flush(&course, into: &sink) }
        return isThere
    }

    /// Adds a chunk to the run, or puts it into the next; returns whether it was there.
    ///
    /// It does not wait: nothing that does may keep the chunk, and with it its batch.
    private mutating func add(
        _ place: Place,
        _ wanted: Range<UInt64>,
        passedEnd: UInt64,
        _ course: inout DownloadCourse
    ) throws -> Bool {
        guard let chunk = try window.lanes[place.fetch].chunk(place.chunk) else { return false }
        let added = try verify(chunk, place, wanted, passedEnd: passedEnd, &course)
        if run == nil { run = added } else if run?.join(added) != true { next = added }
        return true
    }

    /// A chunk as a run of its own, verified.
    private func verify(
        _ chunk: DecodedChunk,
        _ place: Place,
        _ wanted: Range<UInt64>,
        passedEnd: UInt64,
        _ course: inout DownloadCourse
    ) throws(VerificationError) -> Run {
        let start = course.position
        let end = start + UInt64(chunk.byteCount)
        // A chunk that only reaches over the border is no repetition: it counts, and then the file hash is wrong.
        let isRepeated = start < passedEnd && end <= passedEnd
        var bytes = try course.verifier.verify(chunk, isLastOfTerm: place.isLastOfTerm, isRepeated: isRepeated)
        if end >= wanted.upperBound { try course.verifier.checkEnd() }
        let inside = (start..<end).clamped(to: wanted)
        bytes.keep(Int(inside.lowerBound - start)..<Int(inside.upperBound - start))
        course.position = end
        let use = Use(
            chunk: place.chunk,
            fetch: place.fetch,
            byteCount: chunk.byteCount,
            start: start,
            hash: chunk.hash,
            isDelivered: bytes.byteCount > 0
        )
        return Run(bytes: bytes, uses: [use])
    }

    private func waitForChunk(_ place: Place) async throws {
        let lane = window.lanes[place.fetch]
        let (start, budgetWait) = (watch.elapsed, lane.budgetWait)
        try await lane.waitForChunk(place.chunk)
        // To ask for more would not shorten the wait for what others have.
        account.noteWait(of: watch.elapsed - start - (lane.budgetWait - budgetWait))
    }

    /// Delivers the run; what is read to be verified alone counts as taken too.
    private mutating func flush(
        _ course: inout DownloadCourse,
        into sink: inout some DeliverySink
    ) async throws {
        guard let (uses, pieces) = try takePieces(&course) else { return }
        try await deliver(pieces, &course.flow, into: &sink)
        account.noteDelivery(of: uses.reduce(0) { $0 + $1.byteCount }, at: watch.elapsed)
        for use in uses {
            if use.isDelivered { course.verifier.noteDelivery(of: use.hash, at: use.start, byteCount: use.byteCount) }
            window.lanes[use.fetch].leave(use.chunk, byteCount: use.byteCount)
        }
    }

    /// The run, cut into the pieces that suit the reader, the last one first.
    private mutating func takePieces(_ course: inout DownloadCourse) throws -> (uses: [Use], pieces: [ByteBuffer])? {
        guard let run = run.take() else { return nil }
        guard run.bytes.byteCount > 0 else { return (run.uses, []) }
        let leaving = run.uses.filter(\.isDelivered)
        let chunks = leaving.compactMap { use in
            use.hash.map { DeliveredPieces.Chunk(hash: $0, byteCount: use.byteCount) }
        }
        if let start = leaving.first?.start, chunks.count == leaving.count {
            try Self.verified { () throws(VerificationError) in
                try course.verifier.checkDelivery(of: chunks, at: start)
            }
        }
        // A slice would keep its whole batch in memory as long as it is not taken.
        let pieces = course.flow.pieceByteCount.map { run.bytes.copiedPieces(of: $0) } ?? [run.bytes.bytes]
        return (run.uses, pieces)
    }

    /// Gives pieces to the reader, the last of them first.
    private func deliver(
        _ pieces: consuming [ByteBuffer],
        _ flow: inout ReaderFlow,
        into sink: inout some DeliverySink
    ) async throws {
        while let piece = pieces.popLast() {
            let byteCount = piece.readableBytes
            let start = watch.elapsed
            taking.beginWait()
            try await sink.deliver(piece)
            taking.endWait(byteCount: byteCount)
            flow.note(byteCount, within: watch.elapsed - start)
        }
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
