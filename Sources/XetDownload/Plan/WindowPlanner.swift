import XetAccess
import XetCore

/// A window of a file: its plan, and where its fetches go.
struct PlannedWindow: Sendable {
    let plan: DownloadPlan
    let addresses: WindowFetches
    /// How long the answer of the CAS took.
    let latency: Duration
    /// What was asked for.
    let asked: FileByteRange

    /// How many times as long as the longest range to fetch it is.
    var spread: Double {
        let longest = plan.fetches.lazy.map(\.usedByteCount).max() ?? 0
        return longest > 0 ? Double(plan.end - plan.start) / Double(longest) : 1
    }
}

/// Asks for reconstructions, window by window.
struct WindowPlanner: Sendable {
    let file: FileHash
    let range: FileByteRange
    let source: any ReconstructionSource
    let configuration: FileDownloader.Configuration
    /// Where bytes may come from: of a file that was wrong, not from where they may have been kept.
    var origin = XorbFetch.Origin.any

    var schedule: WindowSchedule {
        WindowSchedule(
            firstByteCount: UInt64(configuration.firstWindowByteCount),
            leastByteCount: UInt64(configuration.leastWindowByteCount),
            leastResumptionByteCount: UInt64(configuration.leastResumptionByteCount),
            mostRangeByteCount: UInt64(configuration.mostRangeByteCount),
            mostByteCount: UInt64(configuration.mostWindowByteCount),
            gridByteCount: configuration.gridByteCount.map { UInt64($0) }
        )
    }

    /// The planner of another range of the same file.
    func reading(_ range: FileByteRange) -> WindowPlanner {
        WindowPlanner(file: file, range: range, source: source, configuration: configuration, origin: origin)
    }

    /// The planner of the same range up to a place in the file.
    func reading(upTo end: UInt64) -> WindowPlanner {
        reading(FileByteRange(start: range.start, end: max(range.start, min(end, range.end))) ?? range)
    }

    /// Plans a window of a download that has begun, and asks for it as long as for what is fetched; `onFailure` is told when
    /// it has to be asked for again.
    func planNext(
        _ window: FileByteRange,
        _ watch: Stopwatch,
        clock: some Clock<Duration>,
        onFailure: () -> Void = {}
    ) async throws -> PlannedWindow {
        let noteFailure = { (_: XetError) in
            configuration.metrics.notePlanRetry()
            onFailure()
        }
        return try await configuration.retry.run(clock: clock, onRetry: noteFailure) {
            try await plan(window, watch, from: source.unrepeated)
        }
    }

    /// Plans a window before anything is delivered.
    func plan(_ window: FileByteRange, _ watch: Stopwatch) async throws -> PlannedWindow {
        try await plan(window, watch, from: source)
    }

    private func plan(
        _ window: FileByteRange,
        _ watch: Stopwatch,
        from source: any ReconstructionSource
    ) async throws -> PlannedWindow {
        let start = watch.elapsed
        guard let reconstruction = try await source.reconstruction(of: file, range: window) else {
            throw XetError(.invalidResponse, "file \(file) ends before byte \(window.start)")
        }
        let latency = watch.elapsed - start
        do {
            return PlannedWindow(
                plan: try DownloadPlan(
                    reconstruction,
                    window: window,
                    retainedByteLimit: configuration.retainedByteCount
                ),
                addresses: WindowFetches(
                    reconstruction,
                    file: file,
                    window: window,
                    // The fetches that want other addresses repeat that themselves.
                    source: source.unrepeated,
                    metrics: configuration.metrics
                ),
                latency: latency,
                asked: window
            )
        } catch {
            throw XetError(
                .invalidResponse,
                "reconstruction of bytes \(window.start)..<\(window.end) of \(file)",
                cause: error
            )
        }
    }

    /// The window without its last term, if that may go on behind it and is fetched for itself; then the next window has
    /// the whole term, and it takes one GET instead of two.
    func withoutCutTerm(_ window: PlannedWindow) -> PlannedWindow {
        guard configuration.gridByteCount == nil, window.plan.end < range.end, let plan = window.plan.withoutLastTerm(),
            plan.end > window.asked.start
        else {
            return window
        }
        return PlannedWindow(plan: plan, addresses: window.addresses, latency: window.latency, asked: window.asked)
    }
}
