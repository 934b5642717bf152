import NIOCore
import Synchronization
import XetAccess
import XetCore

/// Carries out one planned fetch: GET, decode, hash, hand over in chunk order.
///
/// A failure that may pass is answered by another GET of the same range, from which only the chunks that were not
/// handed over yet are used. A GET that stalls goes on, but another begins beside it, and whichever is ahead hands over.
final class FetchRunner: Sendable {
    /// How much of the memory fetches take.
    struct Room: Hashable, Sendable {
        /// Most decoded bytes that wait for delivery.
        var queueByteCount: Int
        /// The same for a fetch that a reader waits for when the memory of the process is used up.
        var leastQueueByteCount: Int
        /// Bytes that a connection takes while it is used.
        var connectionByteCount: Int
    }

    let plan: PlannedFetch
    /// The chunks that are used, in the order of the xorb.
    let batches: BoundedQueue<DecodedBatch>
    /// Bytes of the budget that it wants: what may wait in its queue, or all that must be kept, and its connection.
    let wantedByteCount: Int
    /// Bytes without which it cannot run: for some chunks, or for all that must be kept, and its connection.
    let leastByteCount: Int

    private struct State {
        var isStarted = false
        var reservedByteCount: Int
    }

    private let connectionByteCount: Int
    private let state: Mutex<State>
    private let progress: Progress

    init(_ plan: PlannedFetch, room: Room) {
        self.plan = plan
        connectionByteCount = room.connectionByteCount
        let most = plan.isRetained ? plan.usedByteCount : min(plan.usedByteCount, room.queueByteCount)
        let least = plan.isRetained ? most : min(most, room.leastQueueByteCount)
        wantedByteCount = most + room.connectionByteCount
        leastByteCount = least + room.connectionByteCount
        state = Mutex(State(reservedByteCount: most))
        batches = BoundedQueue(capacity: room.queueByteCount)
        progress = Progress(next: plan.info.chunks.start)
    }

    /// Whether it has its room and runs.
    var isStarted: Bool { state.withLock { $0.isStarted } }

    /// Bytes of the budget that it holds for chunks once it runs.
    var reservedByteCount: Int { state.withLock { $0.reservedByteCount } }

    /// Notes the room it was given, which may be less than it wants; ``run(with:)`` follows.
    func start(reserved byteCount: Int) {
        state.withLock { state in
            state.isStarted = true
            state.reservedByteCount = byteCount - connectionByteCount
        }
        if byteCount < wantedByteCount { batches.limit(to: byteCount - connectionByteCount) }
    }

    /// What a fetch needs from the download it belongs to.
    struct Environment: Sendable {
        let xorbs: any XorbSource
        let window: WindowFetches
        let retry: RetryPolicy
        /// When a second GET begins; never if `nil`.
        let stall: StallPolicy?
        let clock: any Clock<Duration>
        let watch: Stopwatch
        let account: FetchAccount
        /// Whether chunk hashes are needed.
        let isHashing: Bool
        var metrics = DownloadMetrics()
    }

    /// Fetches until every used chunk is in the queue, then ends the queue; a failure ends it too.
    func run(with environment: Environment) async {
        state.withLock { $0.isStarted = true }
        defer { environment.account.endFetch(of: wantedByteCount, releasing: connectionByteCount) }
        do {
            try await fetch(environment)
            batches.finish()
        } catch {
            batches.finish(.failure(error))
        }
    }

    private func fetch(_ environment: Environment) async throws {
        var info = plan.info
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
                try await attempt(info, environment)
                return
            } catch let error as XetError {
                failures = progress.next > before ? 1 : failures + 1
                if error.code == .corrupt { environment.metrics.note(.xorb) }
                if error.code == .rateLimited || error.code == .unavailable || error.code == .timedOut {
                    environment.account.noteCongestion()
                }
                let delay = environment.retry.delay(after: error, failures: failures, using: &generator)
                guard let delay else { throw error }
                if error.code == .expired {
                    isExpired = true
                    if failures == 1 { continue }
                }
                environment.metrics.noteRetry()
                try await environment.clock.sleep(for: delay)
            }
        }
    }

    /// How far the fetch has come, over all GETs.
    private final class Progress: Sendable {
        private let state: Mutex<Int>
        /// Keeps what two GETs hand over in order.
        let gate = TaskGate()

        init(next: Int) {
            state = Mutex(next)
        }

        /// The first chunk that was neither handed over nor skipped.
        var next: Int { state.withLock { $0 } }

        func advance(to chunk: Int) { state.withLock { $0 = max($0, chunk) } }
    }

    /// One GET, or two if the first stalls.
    private func attempt(_ info: FetchInfo, _ environment: Environment) async throws {
        guard let stall = environment.stall else {
            return try await transfer(info, environment, Pulse(environment.watch))
        }
        try await stall.withSecondAttempt(clock: environment.clock, watch: environment.watch) { pulse in
            try await self.transfer(info, environment, pulse)
        }
    }

    /// Ends a GET early: the rest of the range is not needed.
    private struct Enough: Error {}

    private func transfer(_ info: FetchInfo, _ environment: Environment, _ pulse: Pulse) async throws {
        var decoder = RangeDecoder(plan, isHashing: environment.isHashing)
        do {
            defer { environment.metrics.note(decoder.work) }
            pulse.beginWait()
            try await environment.xorbs.fetch(info) { piece in
                pulse.endWait(byteCount: piece.readableBytes)
                var offset = 0
                while let batch = try decoder.next(in: piece, from: &offset, skippingBefore: progress.next) {
                    try await hand(over: batch)
                    if progress.next >= plan.usedEnd, plan.usedEnd < info.chunks.end { throw Enough() }
                }
                pulse.beginWait()
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

    /// Puts what another GET has not handed over yet into the queue.
    private func hand(over batch: DecodedBatch) async throws {
        try await progress.gate.withTurn {
            var batch = batch
            batch.drop(before: progress.next)
            guard let last = batch.chunks.last else { return }
            progress.advance(to: last.index + 1)
            try await batches.push(batch, cost: batch.bytes.readableBytes)
        }
    }
}
