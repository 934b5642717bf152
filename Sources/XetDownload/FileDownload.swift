public import XetAccess
public import XetCore

/// Rebuilds files: plan, fetch, decode, verify, deliver.
public struct FileDownloader: Sendable {
    /// What an operator may choose.
    public struct Configuration: Sendable {
        /// Bytes of the first window that is planned.
        public var firstWindowByteCount: Int = 4 << 20
        /// Most bytes of a window, and so about the most of one fetch.
        public var mostWindowByteCount: Int = 32 << 20
        /// Most decoded bytes of one fetch that wait for delivery.
        public var queueByteCount: Int = 8 << 20
        /// The same for a fetch that a reader waits for when the memory of the process is used up: a few chunks.
        public var leastQueueByteCount: Int = 256 << 10
        /// Most bytes kept because later terms of the window use them again; beyond, they are fetched again.
        public var retainedByteCount: Int = 16 << 20
        /// When failed requests are repeated.
        public var retry = RetryPolicy()

        /// The defaults.
        public init() {}
    }

    let xorbs: any XorbSource
    let budget: FetchBudget
    let configuration: Configuration
    let clock: any Clock<Duration>

    /// A downloader; `budget` is shared by all downloads of the process.
    public init(
        xorbs: any XorbSource,
        budget: FetchBudget,
        configuration: Configuration = Configuration(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.xorbs = xorbs
        self.budget = budget
        self.configuration = configuration
        self.clock = clock
    }

    /// Plans the first window of a download, so that what the CAS refuses is known before the first byte.
    ///
    /// `range` must lie inside the file's `byteCount` bytes. Throws ``XetError``.
    public func prepare(
        _ file: FileHash,
        byteCount: UInt64,
        range: FileByteRange,
        from source: any ReconstructionSource
    ) async throws -> PreparedDownload {
        guard range.end <= byteCount else {
            throw XetError(.rangeNotSatisfiable, "bytes \(range.start)..<\(range.end) of a file of \(byteCount)")
        }
        if byteCount == 0, file != .zero {
            throw XetError(.invalidResponse, "file \(file) should be empty, which is not its hash")
        }
        let planner = WindowPlanner(file: file, range: range, source: source, configuration: configuration)
        return PreparedDownload(
            file: file,
            byteCount: byteCount,
            range: range,
            first: try await planner.plan(planner.schedule.first(of: range)),
            planner: planner,
            downloader: self
        )
    }

    /// The size of a file of which only the hash is known, from the reconstruction of the whole.
    ///
    /// Throws `.notFound` if the CAS does not know it.
    public func byteCount(of file: FileHash, from source: any ReconstructionSource) async throws -> UInt64 {
        if file == .zero { return 0 }
        guard let reconstruction = try await source.reconstruction(of: file, range: nil) else {
            throw XetError(.invalidResponse, "the CAS calls file \(file) empty")
        }
        guard reconstruction.offsetIntoFirstTerm == 0 else {
            throw XetError(.invalidResponse, "the reconstruction of a whole file begins with an offset")
        }
        return reconstruction.byteCount
    }
}

/// A download whose first window is planned.
public struct PreparedDownload: Sendable {
    /// The file.
    public let file: FileHash
    /// Its size.
    public let byteCount: UInt64
    /// The bytes that will be delivered.
    public let range: FileByteRange

    let first: PlannedWindow?
    let planner: WindowPlanner
    let downloader: FileDownloader

    /// Delivers exactly the bytes of ``range``, in order.
    ///
    /// Chunks are fetched and decoded by child tasks, many at once; this task delivers them. When it throws, what was
    /// delivered is not the whole: never end the output as if it were. Cancelling ends all requests.
    /// Throws ``XetError``, `CancellationError`, and what `sink` throws.
    public func stream(into sink: inout some DeliverySink) async throws {
        guard let first else { return }
        let account = downloader.budget.account()
        let windows = BoundedQueue<PlannedWindow>(capacity: 2)
        let feeder = WindowFeeder(
            planner: planner,
            account: account,
            downloader: downloader,
            isHashing: FileVerifier.isWhole(range, byteCount: byteCount)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await feeder.run(first, into: windows) }
            // What was planned and not delivered is of no use once delivery has ended or failed.
            defer { group.cancelAll() }
            var verifier = FileVerifier(file, byteCount: byteCount, range: range)
            var position = first.plan.start
            while position < range.end, let window = try await windows.next() {
                var reader = WindowReader(window, account: account)
                try await reader.deliver(range, from: &position, verifier: &verifier, into: &sink)
            }
            guard position >= range.end else {
                throw XetError(.invalidResponse, "the terms end at byte \(position), before \(range.end)")
            }
        }
    }
}
