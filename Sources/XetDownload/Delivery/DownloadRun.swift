import XetAccess
import XetCore

/// Delivers from a place in the file on, until the end or until the reader has taken nothing for too long.
///
/// A reader that is blocked keeps its place in the file, what it was just given, and nothing else: all GETs are ended, all
/// chunks are dropped. When it takes more, it is delivered to from there by another run.
struct DownloadRun: Sendable {
    /// How a run ends that does not fail.
    enum End: Sendable {
        case done
        /// The reader was blocked, and takes more now.
        case paused
    }

    /// How long a reader may take nothing while others wait for what it holds: for its turn, or for memory.
    private static let shortPatience = Duration.milliseconds(250)
    /// How long others wait behind one whose servers are slow or away.
    private static let turnTime = Duration.seconds(5)
    /// Most windows that are planned and not read; the budget ends most downloads' running ahead before.
    private static let mostWindowCount = 64

    /// What is delivered in the end.
    let range: FileByteRange
    /// Where windows that are asked for end.
    let end: UInt64
    let planner: WindowPlanner
    let downloader: FileDownloader
    let pace: DownloadPace
    /// What others wait for that stand in line behind this one.
    let turn: TaskGate.Turn?
    let watch: Stopwatch

    /// Delivers from a window on.
    func deliver(
        from first: PlannedWindow,
        _ course: inout DownloadCourse,
        into sink: inout some DeliverySink
    ) async throws -> End {
        let account = downloader.budget.account(pace)
        defer { account.close() }
        let taking = Pulse(watch)
        let deadlines = DeadlineWatch()
        let lanes = OpenLanes()
        let windows = BoundedQueue<OpenWindow>(capacity: Self.mostWindowCount)
        let feeder = WindowFeeder(
            planner: planner.reading(upTo: end),
            account: account,
            downloader: downloader,
            deadlines: deadlines,
            lanes: lanes,
            watch: watch
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            let workers = downloader.configuration.workers
            group.addTask(executorPreference: workers) { try await deadlines.run(clock: downloader.clock) }
            group.addTask(executorPreference: workers) {
                await feed(first, with: feeder, into: windows, while: taking)
                // Nobody is to wait for what a blocked reader wanted.
                if lanes.areDropped { account.close() }
            }
            // What was planned and not delivered is of no use once delivery has ended or failed.
            defer { group.cancelAll() }
            do {
                while course.position < range.end {
                    let waitStart = windows.isStarved ? watch.elapsed : nil
                    guard let window = try await windows.next() else { break }
                    if let waitStart { account.noteWait(of: watch.elapsed - waitStart) }
                    var reader = WindowReader(window, account: account, watch: watch, taking: taking)
                    try await reader.deliver(range, &course, into: &sink)
                    lanes.remove(window.lanes)
                    course.endWindow()
                }
            } catch  where lanes.areDropped && !Task.isCancelled {
                guard error is LaneClosedError || error is CancellationError else { throw error }
                return .paused
            }
            guard course.position >= min(end, range.end) else {
                throw XetError(.invalidResponse, "the terms end at byte \(course.position), before \(range.end)")
            }
            return .done
        }
    }

    /// Runs ahead of the delivery until the reader is found to be blocked; then drops what it has not been given.
    private func feed(
        _ first: PlannedWindow,
        with feeder: WindowFeeder,
        into windows: BoundedQueue<OpenWindow>,
        while taking: Pulse
    ) async {
        guard let patience = downloader.configuration.patience else { return await feeder.run(first, into: windows) }
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await feeder.run(first, into: windows)
                return false
            }
            group.addTask {
                do {
                    try await feeder.deadlines.wait {
                        let isWaitedFor = turn != nil || downloader.budget.isShort
                        return (isWaitedFor ? min(patience, Self.shortPatience) : patience) - taking.reading.silence
                    }
                    return true
                } catch {
                    return false
                }
            }
            if let turn {
                let start = watch.elapsed
                group.addTask {
                    // Ends when the time is over, or is cancelled with the rest.
                    try? await feeder.deadlines.wait { Self.turnTime - (watch.elapsed - start) }
                    turn.end()
                    return false
                }
            }
            for await isBlocked in group where isBlocked {
                feeder.lanes.drop()
                turn?.end()
                group.cancelAll()
            }
        }
    }
}
