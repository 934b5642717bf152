import NIOCore
import Synchronization
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

/// Downloads over scripted peers, run step by step.
struct DownloadRig: Sendable {
    let executor: StepExecutor
    let clock: ManualClock
    let budget: FetchBudget
    var configuration: FileDownloader.Configuration
    let broken = BrokenDownloads()
    let doubts = DoubtedFiles()
    let pieces = DeliveredPieces()
    var resumptions = TaskGate(width: 32)

    init(
        executor: StepExecutor = StepExecutor(),
        clock: ManualClock = ManualClock(isJumping: true),
        budget: FetchBudget = FetchBudget(),
        configuration: FileDownloader.Configuration = .test()
    ) {
        self.executor = executor
        self.clock = clock
        self.budget = budget
        self.configuration = configuration
    }

    /// Limits of any size from one byte up.
    init(seed: UInt64, clock: ManualClock = ManualClock(isJumping: true), patience: Duration? = nil) {
        var random = SplitMix64(seed: seed &+ 0xABCD)
        var configuration = FileDownloader.Configuration.test()
        let sizes = [1, 100, 1000, 5000, 1 << 20]
        func size() -> Int { sizes.randomElement(using: &random) ?? 1 }
        configuration.firstWindowByteCount = size()
        configuration.leastWindowByteCount = size()
        configuration.leastResumptionByteCount = size()
        configuration.mostRangeByteCount = size()
        configuration.mostWindowByteCount = size()
        configuration.queueByteCount = size()
        configuration.patience = patience
        configuration.retainedByteCount = [0, size()].randomElement(using: &random) ?? 0
        self.init(
            executor: StepExecutor(seed: seed),
            clock: clock,
            budget: FetchBudget(
                byteCount: size(),
                firstByteCount: size(),
                firstFetchCount: Int.random(in: 1...3, using: &random),
                mostFetchCount: Int.random(in: 3...6, using: &random),
                placeByteCount: [0, size()].randomElement(using: &random) ?? 0
            ),
            configuration: configuration
        )
    }

    /// Starts a download of `range`, of the whole file if `nil`.
    func start(
        _ file: SampleFile,
        range: FileByteRange? = nil,
        byteCount: UInt64? = nil,
        from source: ScriptedReconstructionSource,
        xorbs: ScriptedXorbSource,
        into sink: CollectingSink = CollectingSink()
    ) -> Started<[UInt8]> {
        var downloader = FileDownloader(xorbs: xorbs, budget: budget, configuration: configuration, clock: clock)
        downloader.broken = broken
        downloader.doubts = doubts
        downloader.pieces = pieces
        downloader.resumptions = resumptions
        return executor.start { [downloader] in
            let byteCount = byteCount ?? file.byteCount
            let prepared = try await downloader.prepare(
                file.hash,
                byteCount: byteCount,
                range: range ?? FileByteRange(count: byteCount),
                from: source
            )
            var sink = sink
            try await prepared.stream(into: &sink)
            return sink.contents.bytes
        }
    }

    /// A download from beginning to end.
    func run(
        _ file: SampleFile,
        range: FileByteRange? = nil,
        byteCount: UInt64? = nil,
        from source: ScriptedReconstructionSource? = nil,
        xorbs: ScriptedXorbSource? = nil,
        into sink: CollectingSink = CollectingSink()
    ) -> Result<[UInt8], any Error>? {
        let started = start(
            file,
            range: range,
            byteCount: byteCount,
            from: source ?? ScriptedReconstructionSource(file),
            xorbs: xorbs ?? ScriptedXorbSource(file),
            into: sink
        )
        executor.runUntilIdle()
        return started.result
    }
}

extension FileDownloader.Configuration {
    /// The defaults, but a clock that jumps makes no GET look stalled and no reader blocked.
    static func test() -> FileDownloader.Configuration {
        var configuration = FileDownloader.Configuration()
        configuration.stall = nil
        configuration.patience = nil
        return configuration
    }

    /// Windows of `first` bytes, then of as many as the pace says, from `first` to `most`.
    mutating func setWindows(first: Int, most: Int) {
        firstWindowByteCount = first
        leastWindowByteCount = min(first, most)
        leastResumptionByteCount = min(first, most)
        mostRangeByteCount = most
        mostWindowByteCount = most
    }
}

extension FetchBudget {
    /// A budget whose downloads begin with these limits, near or far; places cost nothing unless said otherwise.
    convenience init(
        byteCount: Int = 256 << 20,
        firstByteCount: Int = 4 << 20,
        firstFetchCount: Int = 4,
        mostFetchCount: Int = 16,
        placeByteCount: Int = 0,
        onIdle: @escaping @Sendable () -> Void = {}
    ) {
        var pace = Pace.Limits()
        pace.firstByteCount = firstByteCount
        pace.distantByteCount = firstByteCount
        pace.mostByteCount = byteCount
        pace.firstFetchCount = firstFetchCount
        pace.distantFetchCount = firstFetchCount
        pace.mostFetchCount = mostFetchCount
        pace.leastByteCountPerFetch = 1
        self.init(
            BudgetStateMachine.Limits(
                byteCount: byteCount,
                spareByteCount: byteCount / 8,
                aheadByteCount: byteCount,
                placeByteCount: placeByteCount
            ),
            pace: pace,
            onIdle: onIdle
        )
    }

    /// The part of a download that begins.
    func account() -> FetchAccount { account(DownloadPace(Pace(pace()))) }
}
