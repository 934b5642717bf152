import XetAccess
import XetCore

/// A window of a file: its plan, and the fetches that carry it out.
struct PlannedWindow: Sendable {
    let plan: DownloadPlan
    let addresses: WindowFetches
    let runners: [FetchRunner]
    /// How long the answer of the CAS took.
    let latency: Duration
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

    /// The planner of another range of the same file.
    func reading(_ range: FileByteRange) -> WindowPlanner {
        WindowPlanner(file: file, range: range, source: source, configuration: configuration)
    }

    private var room: FetchRunner.Room {
        FetchRunner.Room(
            queueByteCount: configuration.queueByteCount,
            leastQueueByteCount: configuration.leastQueueByteCount,
            connectionByteCount: configuration.connectionByteCount
        )
    }

    /// Plans a window.
    func plan(_ window: FileByteRange, _ watch: Stopwatch) async throws -> PlannedWindow {
        let start = watch.elapsed
        guard let reconstruction = try await source.reconstruction(of: file, range: window) else {
            throw XetError(.invalidResponse, "file \(file) ends before byte \(window.start)")
        }
        let latency = watch.elapsed - start
        do {
            let plan = try DownloadPlan(
                reconstruction,
                window: window,
                retainedByteLimit: configuration.retainedByteCount
            )
            return PlannedWindow(
                plan: plan,
                addresses: WindowFetches(
                    reconstruction,
                    file: file,
                    window: window,
                    source: source,
                    metrics: configuration.metrics
                ),
                runners: plan.fetches.map { FetchRunner($0, room: room) },
                latency: latency
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
