import NIOCore
import XetAccess
import XetCore

/// Takes the chunks of one window from its fetches, in file order.
struct WindowReader {
    private struct Source {
        let runner: FetchRunner
        /// Index in the xorb of the chunk that its queue gives next.
        var next: Int
        /// Chunks that will be used again, with the number of uses left.
        var retained: [Int: (chunk: DecodedChunk, uses: Int)] = [:]
        /// Used bytes that were not delivered for the last time yet.
        var rest: Int
        /// Bytes given back to the budget.
        var released = 0

        /// Gives back what is reserved beyond `needed` bytes.
        mutating func release(allBut needed: Int, to account: FetchAccount) {
            let excess = runner.reservedByteCount - released - max(0, needed)
            guard excess > 0 else { return }
            released += excess
            account.release(excess)
        }
    }

    private let plan: DownloadPlan
    private let account: FetchAccount
    private var sources: [Source]

    init(_ window: PlannedWindow, account: FetchAccount) {
        plan = window.plan
        self.account = account
        sources = window.runners.map { runner in
            Source(
                runner: runner,
                next: runner.plan.info.chunks.start,
                rest: runner.plan.usedByteCount
            )
        }
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
                let chunk = try await chunk(index, of: planned.fetch)
                let end = position + UInt64(chunk.bytes.readableBytes)
                // A chunk that only reaches over the border is no repetition: it counts, and then the file hash is wrong.
                let isRepeated = position < passedEnd && end <= passedEnd
                let bytes = try Self.verified { () throws(VerificationError) in
                    let isLast = index == chunks.end - 1
                    let verified = try verifier.verify(chunk, isLastOfTerm: isLast, isRepeated: isRepeated)
                    if end >= range.end { try verifier.checkEnd() }
                    return verified.bytes
                }
                let slice = Self.slice(of: bytes, at: position, from: resumption, to: range.end)
                position = end
                if slice.readableBytes > 0 {
                    try await sink.deliver(slice)
                    account.noteDelivery(of: slice.readableBytes)
                }
                finishUse(of: index, from: planned.fetch, byteCount: bytes.readableBytes)
                if position >= range.end { return }
            }
        }
        for index in sources.indices {
            sources[index].release(allBut: 0, to: account)
        }
    }

    /// The part of a chunk at `position` that lies inside `start..<end`.
    private static func slice(
        of bytes: ByteBuffer,
        at position: UInt64,
        from start: UInt64,
        to end: UInt64
    ) -> ByteBuffer {
        var slice = bytes
        if position < start {
            let skipped = min(start - position, UInt64(bytes.readableBytes))
            slice.moveReaderIndex(forwardBy: Int(skipped))
        }
        let chunkEnd = position + UInt64(bytes.readableBytes)
        if chunkEnd > end {
            slice.moveWriterIndex(to: slice.writerIndex - Int(min(chunkEnd - end, UInt64(slice.readableBytes))))
        }
        return slice
    }

    /// A chunk of the xorb, kept from before or next in the queue.
    private mutating func chunk(_ index: Int, of fetch: Int) async throws -> DecodedChunk {
        if let kept = sources[fetch].retained[index] {
            return kept.chunk
        }
        let runner = sources[fetch].runner
        let plan = runner.plan
        while true {
            if runner.chunks.isStarved {
                if runner.isStarted { account.noteStarvation() } else { account.expedite() }
            }
            guard let chunk = try await runner.chunks.next() else {
                throw XetError(.corrupt, "xorb \(plan.xorb) has no chunk \(index) where the reconstruction says so")
            }
            while plan.useCount(of: sources[fetch].next) == 0 {
                sources[fetch].next += 1
            }
            let number = sources[fetch].next
            sources[fetch].next += 1
            let uses = plan.useCount(of: number)
            if uses > 1 || number != index {
                sources[fetch].retained[number] = (chunk, uses)
            }
            if number == index { return chunk }
        }
    }

    /// Lets go of a chunk after its last use, and of its room.
    private mutating func finishUse(of index: Int, from fetch: Int, byteCount: Int) {
        if let kept = sources[fetch].retained[index] {
            guard kept.uses == 1 else {
                sources[fetch].retained[index] = (kept.chunk, kept.uses - 1)
                return
            }
            sources[fetch].retained[index] = nil
        }
        sources[fetch].rest -= byteCount
        sources[fetch].release(allBut: sources[fetch].rest, to: account)
    }

    /// A failure of the verifier becomes a ``XetError``.
    private static func verified(_ body: () throws(VerificationError) -> ByteBuffer) throws -> ByteBuffer {
        do {
            return try body()
        } catch {
            throw XetError(.corrupt, "the downloaded bytes are not those of the file", cause: error)
        }
    }
}
