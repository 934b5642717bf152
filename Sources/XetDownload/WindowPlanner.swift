import XetAccess
import XetCore

/// A window of a file: its plan, and the fetches that carry it out.
struct PlannedWindow: Sendable {
    let plan: DownloadPlan
    let addresses: WindowFetches
    let runners: [FetchRunner]
}

/// Asks for reconstructions, window by window.
struct WindowPlanner: Sendable {
    let file: FileHash
    let range: FileByteRange
    let source: any ReconstructionSource
    let configuration: FileDownloader.Configuration

    var schedule: WindowSchedule {
        WindowSchedule(
            firstByteCount: UInt64(configuration.firstWindowByteCount),
            mostByteCount: UInt64(configuration.mostWindowByteCount)
        )
    }

    /// Plans a window; `nil` stays `nil`.
    func plan(_ window: FileByteRange?) async throws -> PlannedWindow? {
        guard let window else { return nil }
        guard let reconstruction = try await source.reconstruction(of: file, range: window) else {
            throw XetError(.invalidResponse, "file \(file) ends before byte \(window.start)")
        }
        do {
            let plan = try DownloadPlan(
                reconstruction,
                window: window,
                retainedByteLimit: configuration.retainedByteCount
            )
            return PlannedWindow(
                plan: plan,
                addresses: WindowFetches(reconstruction, file: file, window: window, source: source),
                runners: plan.fetches.map {
                    FetchRunner(
                        $0,
                        queueByteCount: configuration.queueByteCount,
                        leastByteCount: configuration.leastQueueByteCount
                    )
                }
            )
        } catch {
            throw XetError(
                .invalidResponse,
                "reconstruction of bytes \(window.start)..<\(window.end) of \(file)",
                cause: error
            )
        }
    }
}

/// Runs ahead of the delivery: plans windows and starts their fetches, in order, as far as the budget lets it.
struct WindowFeeder: Sendable {
    let planner: WindowPlanner
    let account: FetchAccount
    let downloader: FileDownloader
    let isHashing: Bool

    /// Hands every window to `windows`, then ends it; a failure ends it too, after the windows that were planned.
    func run(_ first: PlannedWindow, into windows: BoundedQueue<PlannedWindow>) async {
        await withDiscardingTaskGroup { group in
            // A failure to plan on must not cancel the fetches of what the reader still delivers, so it ends here.
            do {
                var window: PlannedWindow? = first
                while let current = window {
                    try await windows.push(current, cost: 1)
                    let range = planner.schedule.next(
                        from: current.plan.end,
                        in: planner.range,
                        runAhead: account.byteLimit / 2
                    )
                    async let next = planner.plan(range)
                    try await start(current, in: &group)
                    window = try await next
                }
                windows.finish()
            } catch {
                windows.finish(.failure(error))
            }
        }
    }

    private func start(
        _ window: PlannedWindow,
        in group: inout DiscardingTaskGroup
    ) async throws {
        let environment = FetchRunner.Environment(
            xorbs: downloader.xorbs,
            window: window.addresses,
            retry: downloader.configuration.retry,
            clock: downloader.clock,
            account: account,
            isHashing: isHashing
        )
        for runner in window.runners {
            let reserved = try await account.reserve(runner.wantedByteCount, atLeast: runner.leastByteCount)
            runner.start(reserved: reserved)
            group.addTask { await runner.run(with: environment) }
        }
    }
}
