import DequeModule
import Synchronization
import XetAccess
import XetCore

/// Runs ahead of the delivery: plans windows and starts their fetches, in order, as far as the budget lets it.
struct WindowFeeder: Sendable {
    /// Most reconstructions that are asked for at once.
    private static let mostDepth = 32
    /// A CAS that takes so long is far away.
    private static let distantLatency = Duration.milliseconds(20)
    /// A line that long is filled with more than the CAS has to answer for at a time.
    private static let longLatency = Duration.milliseconds(40)

    let planner: WindowPlanner
    let account: FetchAccount
    let downloader: FileDownloader
    let deadlines: DeadlineWatch
    let lanes: OpenLanes
    let watch: Stopwatch

    /// A window that is being planned.
    private struct Draft {
        /// What was asked for; the plan may end after it, with a whole chunk.
        let range: FileByteRange
        let plan = BoundedQueue<PlannedWindow>(capacity: 2)
    }

    /// Hands every window to `windows`, then ends it; a failure ends it too, after the windows that were planned.
    func run(_ first: PlannedWindow, into windows: BoundedQueue<OpenWindow>) async {
        await withDiscardingTaskGroup { group in
            // A failure to plan on must not cancel the fetches of what the reader still delivers, so it ends here.
            do {
                var drafts: Deque<Draft> = []
                var window = first
                var fetchCount = 0
                while true {
                    if drafts.isEmpty { window = planner.withoutCutTerm(window) }
                    draft(after: window, &drafts, in: &group)
                    let lanes = openLanes(of: window, firstOrdinal: fetchCount)
                    fetchCount += lanes.count
                    try await windows.push(OpenWindow(plan: window.plan, lanes: lanes), cost: 1)
                    try await start(lanes, of: window, in: &group)
                    draft(after: window, &drafts, in: &group)
                    guard let next = drafts.popFirst(), let planned = try await next.plan.next() else { break }
                    window = planned
                }
                windows.finish()
            } catch {
                windows.finish(.failure(error))
            }
        }
    }

    /// Asks for the windows that come next.
    ///
    /// One at a time as long as the answers keep up, each from where the one before ended. Where the CAS is far, several
    /// at once: then nobody knows yet where the chunks end, and the chunk at each border comes twice.
    private func draft(
        after window: PlannedWindow,
        _ drafts: inout Deque<Draft>,
        in group: inout DiscardingTaskGroup
    ) {
        let allowance = account.allowance
        while let range = planner.schedule.next(
            from: drafts.last?.range.end ?? window.plan.end,
            in: planner.range,
            byteLimit: allowance.byteCount,
            fetchLimit: allowance.fetchCount,
            spread: window.spread
        ) {
            guard drafts.count < depth(for: range, latency: window.latency, allowance) else { return }
            let draft = Draft(range: range)
            drafts.append(draft)
            group.addTask { await plan(draft) }
        }
    }

    /// How many windows of this size to ask for at once, so that what an answer takes is no limit.
    private func depth(for range: FileByteRange, latency: Duration, _ allowance: FetchAccount.Allowance) -> Int {
        let ahead =
            if allowance.rate > 0 {
                // Over a long line some slack is worth the chunks that come twice.
                (latency >= Self.longLatency ? 2 : 1) * allowance.rate * (latency / .seconds(1))
            } else if latency >= Self.distantLatency {
                Double(allowance.byteCount)
            } else {
                0.0
            }
        return max(1, min(Int(ahead / Double(range.count)), Self.mostDepth))
    }

    private func plan(_ draft: Draft) async {
        do {
            let window = try await planner.planNext(draft.range, watch, clock: downloader.clock)
            try await draft.plan.push(window, cost: 1)
            draft.plan.finish()
        } catch {
            draft.plan.finish(.failure(error))
        }
    }

    private func openLanes(of window: PlannedWindow, firstOrdinal: Int) -> [FetchLane] {
        let room = FetchLane.Room(
            byteCount: downloader.configuration.queueByteCount,
            leastByteCount: downloader.configuration.leastQueueByteCount
        )
        let opened = window.plan.fetches.enumerated().map { index, fetch in
            FetchLane(fetch, ordinal: firstOrdinal + index, room: room, account: account, watch: watch)
        }
        lanes.add(opened)
        return opened
    }

    /// Starts the fetches of a window, each when it has its place.
    private func start(_ lanes: [FetchLane], of window: PlannedWindow, in group: inout DiscardingTaskGroup) async throws
    {
        let environment = environment(window.addresses)
        let shared = sharedFetches(lanes, of: window, environment)
        do {
            for (index, lane) in lanes.enumerated() {
                try await lane.takePlace()
                if let fetch = shared[index] {
                    if fetch.lanes.first === lane { group.addTask { await fetch.run() } }
                    try await fetch.notePlace(of: lane)
                } else {
                    let runner = FetchRunner(lane: lane, environment: environment)
                    group.addTask { await runner.run() }
                }
            }
        } catch {
            for fetch in shared.values { fetch.abandon() }
            throw error
        }
    }

    /// The GETs that bring several ranges, by the index of each of their lanes.
    private func sharedFetches(
        _ lanes: [FetchLane],
        of window: PlannedWindow,
        _ environment: FetchRunner.Environment
    ) -> [Int: SharedFetch] {
        let groups = window.plan.sharedFetches(mostByteCount: downloader.configuration.mostSharedByteCount) { fetch in
            window.addresses.signedList(of: fetch.info, of: fetch.xorb)
        }
        var shared: [Int: SharedFetch] = [:]
        for group in groups {
            let fetch = SharedFetch(group.map { lanes[$0] }, environment: environment)
            for index in group { shared[index] = fetch }
        }
        return shared
    }

    private func environment(_ addresses: WindowFetches) -> FetchRunner.Environment {
        let configuration = downloader.configuration
        return FetchRunner.Environment(
            xorbs: downloader.xorbs,
            window: addresses,
            retry: configuration.retry,
            stalls: configuration.stall.map { policy in
                StallWatch(policy: policy, deadlines: deadlines, hedges: downloader.hedges, watch: watch)
            },
            clock: downloader.clock,
            watch: watch,
            account: account,
            unpackers: downloader.unpackers,
            isHashing: true,
            origin: planner.origin,
            metrics: configuration.metrics
        )
    }
}
