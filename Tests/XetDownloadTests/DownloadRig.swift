import NIOCore
import Synchronization
import XetAccess
import XetCore
import XetTestSupport

@testable import XetDownload

/// Downloads over scripted peers, run step by step.
struct DownloadRig: Sendable {
    let executor: StepExecutor
    let clock = ManualClock(isJumping: true)
    let budget: FetchBudget
    let configuration: FileDownloader.Configuration
    let broken = BrokenDownloads()
    let doubts = DoubtedFiles()
    let pieces = DeliveredPieces()

    init(
        executor: StepExecutor = StepExecutor(),
        budget: FetchBudget = FetchBudget(),
        configuration: FileDownloader.Configuration = .test()
    ) {
        self.executor = executor
        self.budget = budget
        self.configuration = configuration
    }

    /// Limits of any size from one byte up.
    init(seed: UInt64) {
        var random = SplitMix64(seed: seed &+ 0xABCD)
        var configuration = FileDownloader.Configuration.test()
        let sizes = [1, 100, 1000, 5000, 1 << 20]
        func size() -> Int { sizes.randomElement(using: &random) ?? 1 }
        configuration.firstWindowByteCount = size()
        configuration.mostWindowByteCount = size()
        configuration.queueByteCount = size()
        configuration.connectionByteCount = [0, size()].randomElement(using: &random) ?? 0
        configuration.retainedByteCount = [0, size()].randomElement(using: &random) ?? 0
        self.init(
            executor: StepExecutor(seed: seed),
            budget: FetchBudget(
                byteCount: size(),
                firstByteCount: size(),
                firstFetchCount: Int.random(in: 1...3, using: &random),
                mostFetchCount: Int.random(in: 3...6, using: &random)
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
    /// The defaults, but connections cost nothing, and a clock that jumps makes no GET look stalled.
    static func test() -> FileDownloader.Configuration {
        var configuration = FileDownloader.Configuration()
        configuration.connectionByteCount = 0
        configuration.stall = nil
        return configuration
    }
}

extension FetchBudget {
    /// A budget whose downloads begin with these limits.
    convenience init(
        byteCount: Int = 256 << 20,
        firstByteCount: Int = 4 << 20,
        firstFetchCount: Int = 4,
        mostFetchCount: Int = 16,
        smallFetchByteCount: Int = 0
    ) {
        var limits = Pace.Limits()
        limits.leastByteCount = min(limits.leastByteCount, firstByteCount)
        limits.firstByteCount = firstByteCount
        limits.mostByteCount = byteCount
        limits.firstFetchCount = firstFetchCount
        limits.mostFetchCount = mostFetchCount
        limits.smallFetchByteCount = smallFetchByteCount
        limits.leastByteCountPerFetch = 1
        self.init(byteCount: byteCount, limits: limits)
    }
}
