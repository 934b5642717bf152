import NIOCore
import XetAccess
import XetCore

/// Carries out one planned fetch: GET, decode, hash, put into its lane in chunk order.
///
/// A failure that may pass is answered by another GET of the same range, from which only the chunks that are not in the
/// lane yet are used. A GET that stalls goes on, but another begins beside it, and whichever is ahead puts its chunks in.
struct FetchRunner: Sendable {
    /// What a fetch needs from the download it belongs to.
    struct Environment: Sendable {
        let xorbs: any XorbSource
        let window: WindowFetches
        let retry: RetryPolicy
        /// When a second GET begins; never if `nil`.
        let stalls: StallWatch?
        let clock: any Clock<Duration>
        let watch: Stopwatch
        let account: FetchAccount
        let unpackers: UnpackerPool
        /// Whether chunk hashes are needed.
        let isHashing: Bool
        var metrics = DownloadMetrics()
    }

    let lane: FetchLane
    let environment: Environment

    private var plan: PlannedFetch { lane.plan }

    /// Fetches until every used chunk is in the lane, then ends the lane; a failure ends it too.
    ///
    /// The lane has its place, which is given back.
    func run() async {
        defer { lane.endPlace() }
        do {
            try await fetch()
            lane.finish()
        } catch {
            lane.finish(.failure(error))
        }
    }

    private func fetch() async throws {
        var info = plan.info
        var generator = SystemRandomNumberGenerator()
        var retries = RetrySeries(environment.retry)
        var isExpired = false
        while !lane.isComplete {
            let before = lane.next
            do {
                if isExpired {
                    info = try await environment.window.renewed(info, of: plan.xorb)
                    isExpired = false
                }
                try await attempt(info)
                return
            } catch let error as XetError {
                if lane.next > before { retries.noteProgress() }
                if error.code == .corrupt { environment.metrics.note(.xorb) }
                if error.code == .rateLimited || error.code == .unavailable || error.code == .timedOut {
                    environment.account.noteCongestion()
                }
                let delay = retries.delay(after: error, at: environment.watch.elapsed, using: &generator)
                guard let delay else { throw error }
                if error.code == .expired {
                    isExpired = true
                    if retries.failureCount == 1 { continue }
                }
                environment.metrics.noteRetry()
                environment.retry.onRetry?(error, delay)
                lane.pause()
                try await environment.clock.sleep(for: delay)
            }
        }
    }

    /// One GET, or two if the first stalls.
    private func attempt(_ info: FetchInfo) async throws {
        guard let stalls = environment.stalls else {
            return try await transfer(info, Pulse(environment.watch))
        }
        try await stalls.withSecondAttempt { pulse in
            try await transfer(info, pulse)
        }
    }

    /// Ends a GET early: the rest of the range is not needed.
    private struct Enough: Error {}

    private func transfer(_ info: FetchInfo, _ pulse: Pulse) async throws {
        var decoder = RangeDecoder(plan, isHashing: environment.isHashing, unpackers: environment.unpackers)
        do {
            defer { environment.metrics.note(decoder.work) }
            pulse.beginWait()
            try await environment.xorbs.fetch(info) { piece in
                pulse.endWait(byteCount: piece.readableBytes)
                try await lane.open()
                var offset = 0
                while let batch = try decoder.next(in: piece, from: &offset, skippingBefore: lane.next) {
                    try await lane.put(batch)
                    guard lane.isGETUseful else { throw Enough() }
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
}
