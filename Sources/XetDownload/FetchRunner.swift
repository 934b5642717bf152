import NIOCore
import Synchronization
import XetAccess
import XetCore

/// Carries out one planned fetch: GET, decode, hash, hand over in chunk order.
///
/// A failure that may pass is answered by another GET of the same range, from which only the chunks that were not
/// handed over yet are used. Chunks that nobody needs are skipped without being unpacked.
final class FetchRunner: Sendable {
    let plan: PlannedFetch
    /// The chunks that are used, in the order of the xorb.
    let chunks: BoundedQueue<DecodedChunk>
    /// Bytes of the budget that it wants: what may wait in its queue, or all that must be kept.
    let wantedByteCount: Int
    /// Bytes without which it cannot run: for some chunks, or for all that must be kept.
    let leastByteCount: Int

    private struct State {
        var isStarted = false
        var reservedByteCount: Int
    }

    private let state: Mutex<State>

    init(_ plan: PlannedFetch, queueByteCount: Int, leastByteCount: Int) {
        self.plan = plan
        wantedByteCount = plan.isRetained ? plan.usedByteCount : min(plan.usedByteCount, queueByteCount)
        self.leastByteCount = plan.isRetained ? wantedByteCount : min(wantedByteCount, leastByteCount)
        state = Mutex(State(reservedByteCount: wantedByteCount))
        chunks = BoundedQueue(capacity: queueByteCount)
    }

    /// Whether it has its room and runs.
    var isStarted: Bool { state.withLock { $0.isStarted } }

    /// Bytes of the budget that it holds once it runs.
    var reservedByteCount: Int { state.withLock { $0.reservedByteCount } }

    /// Notes the room it was given, which may be less than it wants; ``run(with:)`` follows.
    func start(reserved byteCount: Int) {
        state.withLock { state in
            state.isStarted = true
            state.reservedByteCount = byteCount
        }
        if byteCount < wantedByteCount { chunks.limit(to: byteCount) }
    }

    /// What a fetch needs from the download it belongs to.
    struct Environment: Sendable {
        let xorbs: any XorbSource
        let window: WindowFetches
        let retry: RetryPolicy
        let clock: any Clock<Duration>
        let account: FetchAccount
        /// Whether chunk hashes are needed.
        let isHashing: Bool
    }

    /// Fetches until every used chunk is in the queue, then ends the queue; a failure ends it too.
    func run(with environment: Environment) async {
        state.withLock { $0.isStarted = true }
        defer { environment.account.endFetch() }
        do {
            try await fetch(environment)
            chunks.finish()
        } catch {
            chunks.finish(.failure(error))
        }
    }

    private func fetch(_ environment: Environment) async throws {
        var info = plan.info
        var progress = Progress(next: info.chunks.start)
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        var isExpired = false
        while progress.next < plan.usedEnd {
            let before = progress.next
            do {
                if isExpired {
                    info = try await environment.window.renewed(info, of: plan.xorb)
                    isExpired = false
                }
                try await attempt(info, &progress, environment)
                return
            } catch let error as XetError {
                failures = progress.next > before ? 1 : failures + 1
                if error.code == .rateLimited || error.code == .unavailable || error.code == .timedOut {
                    environment.account.noteCongestion()
                }
                let delay = environment.retry.delay(after: error, failures: failures, using: &generator)
                guard let delay else { throw error }
                if error.code == .expired {
                    isExpired = true
                    if failures == 1 { continue }
                }
                try await environment.clock.sleep(for: delay)
            }
        }
    }

    /// How far the fetch has come, over all attempts.
    private struct Progress {
        /// The first chunk that was neither handed over nor skipped.
        var next: Int
    }

    /// Ends an attempt early: the rest of the range is not needed.
    private struct Enough: Error {}

    private func attempt(_ info: FetchInfo, _ progress: inout Progress, _ environment: Environment) async throws {
        var decoder = RangeDecoder(plan, isHashing: environment.isHashing)
        do {
            try await environment.xorbs.fetch(info) { piece in
                var offset = 0
                while let chunk = try decoder.next(in: piece, from: &offset, skippingBefore: progress.next) {
                    try await chunks.push(chunk, cost: chunk.bytes.readableBytes)
                    progress.next = decoder.nextChunk
                    if progress.next >= plan.usedEnd, plan.usedEnd < info.chunks.end { throw Enough() }
                }
            }
            try decoder.finish()
        } catch is Enough {
            return
        } catch let error as XorbError {
            throw XetError(
                .corrupt,
                "xorb \(plan.xorb), chunks \(info.chunks.start)..<\(info.chunks.end)",
                cause: error
            )
        }
    }
}

/// Decodes the bytes of one fetch range, piece by piece.
private struct RangeDecoder: ~Copyable {
    private let plan: PlannedFetch
    private let isHashing: Bool
    private var reader = XorbChunkReader()
    private var unpacker = ChunkUnpacker()

    init(_ plan: PlannedFetch, isHashing: Bool) {
        self.plan = plan
        self.isHashing = isHashing
    }

    /// Index in the xorb of the chunk that comes next.
    var nextChunk: Int { plan.info.chunks.start + reader.chunkCount }

    /// The next chunk that is used and not before `first`; `nil` when the piece is used up.
    mutating func next(
        in piece: ByteBuffer,
        from offset: inout Int,
        skippingBefore first: Int
    ) throws(XorbError) -> DecodedChunk? {
        while let item = try reader.next(in: piece.readableBytesSpan, from: &offset) {
            guard item.index < plan.info.chunks.count else {
                throw .chunkBeyondRange(index: item.index, count: plan.info.chunks.count)
            }
            let chunk = plan.info.chunks.start + item.index
            guard chunk >= first, plan.useCount(of: chunk) > 0 else { continue }
            return try decode(item, in: piece)
        }
        return nil
    }

    private mutating func decode(_ item: XorbChunkReader.Item, in piece: ByteBuffer) throws(XorbError) -> DecodedChunk {
        var bytes = ByteBuffer()
        let count = item.header.unpackedByteCount
        bytes.reserveCapacity(count)
        try bytes.writeWithOutputRawSpan(minimumWritableBytes: count) { (output) throws(XorbError) in
            try reader.unpack(item, in: piece.readableBytesSpan, with: &unpacker, into: &output)
        }
        return DecodedChunk(bytes: bytes, hash: isHashing ? ChunkHash(ofChunk: bytes.readableBytesSpan) : nil)
    }

    /// Checks that the range held exactly the chunks it should.
    mutating func finish() throws(XorbError) {
        try reader.finish()
        guard reader.chunkCount == plan.info.chunks.count else {
            throw .missingChunks(expected: plan.info.chunks.count, found: reader.chunkCount)
        }
    }
}
