import NIOCore
import XetAccess
import XetCore

/// Decodes the bytes of a range, as they come, into the lane whose chunks it holds.
struct LaneIntake: ~Copyable {
    let lane: FetchLane
    private let chunks: ChunkRange
    private let metrics: DownloadMetrics
    private var decoder: RangeDecoder

    init(_ lane: FetchLane, of chunks: ChunkRange, _ environment: FetchRunner.Environment) {
        self.lane = lane
        self.chunks = chunks
        metrics = environment.metrics
        decoder = RangeDecoder(
            lane.plan,
            in: chunks,
            isHashing: environment.isHashing,
            unpackers: environment.unpackers
        )
    }

    deinit { metrics.note(decoder.work) }

    /// Puts a piece in, and waits while the lane is full; `false` if what follows is of no use.
    ///
    /// Throws `.corrupt` for bytes that are not those of the chunks.
    mutating func take(_ piece: XorbPiece) async throws -> Bool {
        try await lane.open()
        var offset = 0
        while let batch = try next(in: piece, from: &offset) {
            try await lane.put(batch)
            guard lane.isGETUseful else { return false }
        }
        return true
    }

    /// Checks that the range held exactly the chunks that it should.
    mutating func finish() throws(XetError) {
        do {
            try decoder.finish()
        } catch {
            throw corrupt(error)
        }
    }

    private mutating func next(in piece: XorbPiece, from offset: inout Int) throws(XetError) -> DecodedBatch? {
        do {
            return try decoder.next(in: piece, from: &offset, skippingBefore: lane.next)
        } catch {
            throw corrupt(error)
        }
    }

    private func corrupt(_ error: XorbError) -> XetError {
        XetError(.corrupt, "xorb \(lane.plan.xorb), chunks \(chunks.start)..<\(chunks.end)", cause: error)
    }
}
