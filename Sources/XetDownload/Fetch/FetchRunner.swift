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
        /// Where bytes may come from.
        var origin = XorbFetch.Origin.any
        var metrics = DownloadMetrics()
    }

    let lane: FetchLane
    let environment: Environment

    private var plan: PlannedFetch { lane.plan }

    /// Fetches until every used chunk is in the lane, then ends the lane; a failure ends it too.
    ///
    /// The lane has its place, which is given back. `failure` is what a GET ended with that was to bring its range among others.
    func run(after failure: XetError? = nil) async {
        defer { lane.endPlace() }
        do {
            try await fetch(after: failure)
            lane.finish()
        } catch {
            lane.finish(.failure(error))
        }
    }

    private func fetch(after failure: XetError?) async throws {
        var failure = failure
        var info = plan.info
        var retries = RetrySeries(environment.retry)
        var isExpired = false
        var origin = environment.origin
        while !lane.isComplete {
            if let error = failure.take() {
                isExpired = isExpired || error.code == .expired
                if error.code == .corrupt { origin = .anew }
                try await wait(after: error, &retries)
            }
            let before = lane.next
            do {
                if isExpired {
                    info = try await environment.window.renewed(info, of: plan.xorb)
                    isExpired = false
                }
                return try await attempt(info, origin)
            } catch let error as XetError {
                if lane.next > before { retries.noteProgress() }
                environment.note(error)
                failure = error
            }
        }
    }

    /// Waits until the next attempt; throws `error` if there is none.
    private func wait(after error: XetError, _ retries: inout RetrySeries) async throws {
        var generator = SystemRandomNumberGenerator()
        guard let delay = retries.delay(after: error, at: environment.watch.elapsed, using: &generator) else {
            throw error
        }
        // An address that has ended is no fault of its host.
        if error.code == .expired, retries.failureCount == 1 { return }
        environment.metrics.noteRetry()
        environment.retry.onRetry?(error, delay)
        lane.pause()
        try await environment.clock.sleep(for: delay)
    }

    /// One GET, or two if the first stalls.
    private func attempt(_ info: FetchInfo, _ origin: XorbFetch.Origin) async throws {
        let fetch = XorbFetch(xorb: plan.xorb, info: info, origin: origin, signer: environment.window)
        guard let stalls = environment.stalls else { return try await transfer(fetch, Pulse(environment.watch)) }
        try await stalls.withSecondAttempt { pulse, isSecond in
            var fetch = fetch
            if isSecond { fetch.origin = .beside }
            try await transfer(fetch, pulse)
        }
    }

    private func transfer(_ fetch: XorbFetch, _ pulse: Pulse) async throws {
        var intake = LaneIntake(lane, of: fetch.info.chunks, environment)
        do {
            pulse.beginWait()
            try await environment.xorbs.fetch(fetch) { piece in
                pulse.endWait(byteCount: piece.bytes.readableBytes)
                guard try await intake.take(piece) else { throw Enough() }
                pulse.beginWait()
            }
            try intake.finish()
        } catch is Enough {
            return
        }
    }
}

/// Ends a GET early: the rest is not needed.
struct Enough: Error {}

extension FetchRunner.Environment {
    /// Counts what a GET failed with.
    func note(_ error: XetError) {
        if error.code == .corrupt { metrics.note(.xorb) }
        if [.rateLimited, .unavailable, .timedOut].contains(error.code) { account.noteCongestion() }
    }
}
