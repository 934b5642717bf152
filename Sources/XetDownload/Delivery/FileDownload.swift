import NIOCore
public import XetAccess
public import XetCore

/// Rebuilds files: plan, fetch, decode, verify, deliver.
public struct FileDownloader: Sendable {
    /// What an operator may choose.
    public struct Configuration: Sendable {
        /// Bytes of the first window that is planned.
        public var firstWindowByteCount: Int = 1 << 20
        /// Least bytes of the others.
        public var leastWindowByteCount: Int = 256 << 10
        /// The same for a reader that had paused: about a chunk.
        public var leastResumptionByteCount: Int = 64 << 10
        /// Most bytes that one range to fetch is meant to have.
        public var mostRangeByteCount: Int = 8 << 20
        /// Most bytes of a window.
        public var mostWindowByteCount: Int = 32 << 20
        /// What windows end at multiples of, so that all readers of a file ask for the same; as each reader is best served if
        /// `nil`.
        public var gridByteCount: Int?
        /// Most decoded bytes of one fetch that wait for delivery.
        public var queueByteCount: Int = 8 << 20
        /// The same for a fetch that a reader waits for when the memory of the process is used up: a few chunks.
        public var leastQueueByteCount: Int = 256 << 10
        /// Most bytes kept because later terms of the window use them again; beyond, they are fetched again.
        public var retainedByteCount: Int = 16 << 20
        /// Most bytes of ranges that are asked for with one GET: more is faster side by side.
        public var mostSharedByteCount: Int = 4 << 20
        /// When a GET that stalls is answered by another beside it; never if `nil`.
        public var stall: StallPolicy? = StallPolicy()
        /// A reader that takes nothing for so long, or a quarter of a second while others wait for memory, keeps its place in
        /// the file and nothing else, until it takes more; it keeps all if `nil`.
        public var patience: Duration? = .seconds(2)
        /// Where the tasks run that fetch and unpack; where the one that delivers does if `nil`.
        public var workers: (any TaskExecutor)?
        /// When requests of a download that has begun are repeated.
        public var retry = RetryPolicy()

        /// Is told whether the bytes of a file were found to be right, in a download of the whole, or wrong, in any.
        ///
        /// The download waits for it.
        public var onVerdict: @Sendable (_ file: FileHash, _ byteCount: UInt64, _ isRight: Bool) async -> Void = {
            _,
            _,
            _ in
        }

        /// What is counted.
        public var metrics = DownloadMetrics()

        /// The defaults.
        public init() {}
    }

    /// Where bytes of xorbs come from.
    public private(set) var xorbs: any XorbSource
    /// What all downloads share.
    public let budget: FetchBudget
    let configuration: Configuration
    let clock: any Clock<Duration>
    let unpackers = UnpackerPool()
    let hedges = HedgeAllowance()
    /// Where slow readers that had paused stand in line to go on.
    ///
    /// What they have in their sockets lasts for seconds. Hundreds that go on at once would take the memory from those that
    /// wait for every byte.
    var resumptions = TaskGate(width: 32)
    var broken = BrokenDownloads()
    var doubts = DoubtedFiles()
    var pieces = DeliveredPieces()

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

    /// The same downloader, which shares everything with this one, for bytes of other xorbs.
    public func reading(from xorbs: any XorbSource) -> FileDownloader {
        var copy = self
        copy.xorbs = xorbs
        return copy
    }

    /// Plans the first window of a download, so that what the CAS refuses is known before the first byte.
    ///
    /// `range` must lie inside the file's `byteCount` bytes. Throws `XetError`: `.corrupt` for a part of a file of which
    /// ``refusesParts(of:)`` is true.
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
        let beginning = doubts.now
        let whole = FileByteRange(count: byteCount)
        guard range == whole || !refusesParts(of: file) else {
            throw XetError(
                .corrupt,
                "file \(file) was not right when it was last downloaded: ask for the whole, which is checked as it comes"
            )
        }
        // What continues a download that broke off is read from a little earlier on, to be verified.
        let known = range.end == byteCount ? broken.tree(of: file, before: range.start) : nil
        let read = known.flatMap { FileByteRange(start: $0.byteCount, end: range.end) } ?? range
        let planner = WindowPlanner(
            file: file,
            range: read,
            source: source,
            configuration: configuration,
            origin: refusesParts(of: file) ? .anew : .any
        )
        var first: PlannedWindow?
        if let window = planner.schedule.first(of: read) {
            first = try await planner.plan(window, Stopwatch(clock))
        }
        return PreparedDownload(
            file: file,
            byteCount: byteCount,
            range: range,
            tree: known ?? MerkleTree(),
            first: first,
            planner: planner,
            downloader: self,
            beginning: beginning
        )
    }

    /// Whether the bytes of a file were found to be wrong and no download of the whole has been right since.
    ///
    /// Only the whole can be had then. Whoever has a wrong part must not complete it.
    public func refusesParts(of file: FileHash) -> Bool { doubts.contains(file) }

    /// Notes that a file was found to be wrong.
    func noteDoubt(of file: FileHash) {
        doubts.note(file)
        pieces.forget(file)
    }

    /// Counts that a file was found to be wrong, and tells who may have kept it.
    func noteWrong(_ file: FileHash, byteCount: UInt64) async {
        configuration.metrics.note(.file)
        await configuration.onVerdict(file, byteCount, false)
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

    /// Whether all that was planned first is kept, and nobody is asked for it.
    public var isKept: Bool { first?.plan.fetches.allSatisfy { $0.info.url == .kept } ?? false }

    /// The chunks before those that are read, if a download broke off there.
    let tree: MerkleTree
    let first: PlannedWindow?
    let planner: WindowPlanner
    let downloader: FileDownloader
    /// When it began, for what others find out meanwhile.
    let beginning: DoubtedFiles.Moment
    /// What was delivered before the file was read again from its start.
    var witness = DeliveredChunks()

    /// Delivers exactly the bytes of ``range``, in order.
    ///
    /// Chunks are fetched and decoded by child tasks, many at once; this task delivers them. When it throws, what was
    /// delivered is not the whole: never end the output as if it were. Cancelling ends all requests.
    /// Throws `XetError`, `CancellationError`, and what `sink` throws.
    public func stream(into sink: inout some DeliverySink) async throws {
        guard let first else { return }
        let doubts = downloader.doubts
        var course = DownloadCourse(
            position: planner.range.start,
            verifier: FileVerifier(
                file,
                byteCount: byteCount,
                range: planner.range,
                tree: tree,
                witness: witness,
                pieces: downloader.pieces
            ) {
                doubts.contains(file, since: beginning)
            }
        )
        do {
            try await deliver(from: first, &course, into: &sink)
        } catch {
            switch (error as? XetError)?.cause as? VerificationError {
            case nil:
                if isWhole { downloader.broken.note(file, points: course.points, end: course.position) }
            case .doubted?: break
            case .fileHash?, .fileTooLong?, .fileTooShort?:
                await downloader.noteWrong(file, byteCount: byteCount)
                guard tree.byteCount > 0 else {
                    downloader.noteDoubt(of: file)
                    break
                }
                // What came before is of another download, and may have been wrong only there.
                return try await readAnew(course.verifier.delivered, into: &sink)
            case .pieces? where isWhole && witness.byteCount == 0:
                // It would show at the end, but a client that takes some of it by ranges will not wait for that.
                await downloader.noteWrong(file, byteCount: byteCount)
                try await readAll()
                return try await readAnew(course.verifier.delivered, into: &sink)
            case _?:
                await downloader.noteWrong(file, byteCount: byteCount)
                downloader.noteDoubt(of: file)
            }
            throw error
        }
        if isWhole, planner.range.start == 0 {
            doubts.clear(file, since: beginning)
            await downloader.configuration.onVerdict(file, byteCount, true)
        }
    }

    /// Whether the file hash is compared at the end.
    private var isWhole: Bool { FileVerifier.isWhole(planner.range, byteCount: byteCount, tree: tree) }

    /// Reads the file from its start, delivers what was not `delivered` yet, and fails if what was is different now.
    private func readAnew(_ delivered: DeliveredChunks, into sink: inout some DeliverySink) async throws {
        downloader.broken.forget(file)
        downloader.pieces.forget(file)
        let start = delivered.byteCount > 0 ? delivered.end : range.start
        try await again(from: start, witness: delivered).stream(into: &sink)
    }

    /// Reads and verifies the whole file, and delivers none of it.
    private func readAll() async throws {
        var sink = NoSink()
        try await again(from: byteCount, witness: DeliveredChunks()).stream(into: &sink)
    }

    /// A download that reads the file from its start and delivers it from `start` on.
    private func again(from start: UInt64, witness: DeliveredChunks) async throws -> PreparedDownload {
        var planner = planner.reading(FileByteRange(count: byteCount))
        planner.origin = .anew
        var first: PlannedWindow?
        if let window = planner.schedule.first(of: planner.range) {
            first = try await planner.planNext(window, Stopwatch(downloader.clock), clock: downloader.clock)
        }
        return PreparedDownload(
            file: file,
            byteCount: byteCount,
            range: FileByteRange(start: start, end: byteCount) ?? range,
            tree: MerkleTree(),
            first: first,
            planner: planner,
            downloader: downloader,
            beginning: beginning,
            witness: witness
        )
    }

    /// Takes nothing.
    private struct NoSink: DeliverySink {
        mutating func deliver(_ bytes: ByteBuffer) async throws {}
    }

    /// Gives a slow reader that had paused a window, in its turn; returns whether it was blocked again.
    private func resume(
        _ window: FileByteRange,
        _ pace: DownloadPace,
        _ watch: Stopwatch,
        _ course: inout DownloadCourse,
        into sink: inout some DeliverySink
    ) async throws -> Bool {
        let turn = try await downloader.resumptions.turn()
        defer { turn.end() }
        let planned = try await planner.planNext(window, watch, clock: downloader.clock, onFailure: turn.end)
        let run = run(to: window.end, pace, watch, turn: turn)
        return try await run.deliver(from: planned, &course, into: &sink) == .paused
    }

    /// What delivers up to a place, in windows that end there.
    private func run(
        to end: UInt64,
        _ pace: DownloadPace,
        _ watch: Stopwatch,
        turn: TaskGate.Turn? = nil
    ) -> DownloadRun {
        DownloadRun(
            range: range,
            end: end,
            planner: planner,
            downloader: downloader,
            pace: pace,
            turn: turn,
            watch: watch
        )
    }

    /// Delivers from a window on.
    ///
    /// A reader that has paused is given one window after the other, each when it has room, until it takes them at once.
    private func deliver(
        from first: PlannedWindow,
        _ course: inout DownloadCourse,
        into sink: inout some DeliverySink
    ) async throws {
        let watch = Stopwatch(downloader.clock)
        let limits = downloader.budget.pace(gridByteCount: downloader.configuration.gridByteCount)
        let pace = DownloadPace(Pace(limits, latency: first.latency))
        var window = first
        var resumption: FileByteRange?
        while true {
            let before = course.position
            let hasPaused: Bool
            if let resumption {
                hasPaused = try await resume(resumption, pace, watch, &course, into: &sink)
            } else {
                let run = run(to: planner.range.end, pace, watch)
                hasPaused = try await run.deliver(from: window, &course, into: &sink) == .paused
            }
            guard hasPaused || course.position < range.end else { return }
            let start = watch.elapsed
            try await sink.waitForRoom()
            let isSlow = hasPaused || watch.elapsed - start >= ReaderFlow.longWait
            let isQuick = pace.noteWindow(of: Int(clamping: course.position - before), isSlow: isSlow)
            let next = planner.schedule.resumption(
                from: max(course.position, planner.range.start),
                in: planner.range,
                byteLimit: pace.wish.byteCount
            )
            guard let next else {
                throw XetError(.invalidResponse, "the terms end at byte \(course.position), before \(range.end)")
            }
            resumption = isQuick ? nil : next
            if isQuick { window = try await planner.planNext(next, watch, clock: downloader.clock) }
        }
    }
}
