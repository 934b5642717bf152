import NIOCore
import Synchronization
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

/// What downloads hold, together and each.
@Suite struct FileDownloaderBudgetTests {
    private static let chunkByteCount = 100

    private static func file(_ seed: UInt64, chunkCount: Int = 80) throws -> SampleFile {
        try SampleFile(
            ranges: [0..<chunkCount, 0..<chunkCount / 2],
            chunkCount: chunkCount,
            chunkByteCount: chunkByteCount,
            seed: seed
        )
    }

    private static func configuration() -> FileDownloader.Configuration {
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 500, most: 2000)
        configuration.queueByteCount = 600
        configuration.retainedByteCount = 1000
        return configuration
    }

    /// Most that one reader needs under ``configuration()``: a fetch whose chunks are kept, a few of another, its place.
    private static let largestNeed = 1000 + 600

    /// Most that all hold, however many readers wait: what ``FetchBudget`` has in tests, with spare memory.
    private static func most(_ byteCount: Int) -> Int { byteCount + byteCount / 8 + largestNeed }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `many downloads share a small budget and all finish`(seed: UInt64) throws {
        let executor = StepExecutor(seed: seed)
        let files = try (0..<12).map { try Self.file(seed * 100 + $0) }
        let budget = FetchBudget(byteCount: 1500, firstByteCount: 300, firstFetchCount: 1, mostFetchCount: 3)
        let rig = DownloadRig(executor: executor, budget: budget, configuration: Self.configuration())
        let most = Mutex(0)
        let xorbs = ScriptedXorbSource(files) { _ in
            most.withLock { $0 = max($0, budget.reservedByteCount) }
            return ScriptedXorbSource.Answer()
        }
        let downloads = files.map { file in
            rig.start(file, from: ScriptedReconstructionSource(file), xorbs: xorbs)
        }
        executor.runUntilIdle()
        for (file, download) in zip(files, downloads) { #expect(download.value == file.bytes) }
        #expect(budget.reservedByteCount == 0)
        #expect(most.withLock { $0 } <= Self.most(1500))
    }

    /// Nobody reads on: what is held stays bounded, whoever waits.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `readers that stop reading hold little, and others go on`(seed: UInt64) throws {
        let executor = StepExecutor(seed: seed)
        let files = try (0..<6).map { try Self.file(seed * 100 + $0, chunkCount: 150) }
        let budget = FetchBudget(byteCount: 8000, firstByteCount: 1000, firstFetchCount: 2, mostFetchCount: 4)
        let rig = DownloadRig(executor: executor, budget: budget, configuration: Self.configuration())
        let gate = Watched(false)
        let stalled = files.map { file in
            let xorbs = ScriptedXorbSource(file)
            let sink = CollectingSink { delivered in if delivered >= 300 { try await gate.wait { $0 } } }
            let download = rig.start(file, from: ScriptedReconstructionSource(file), xorbs: xorbs, into: sink)
            return (file: file, xorbs: xorbs, sink: sink, download: download)
        }
        executor.runUntilIdle()
        #expect(budget.reservedByteCount <= Self.most(8000))
        for one in stalled {
            #expect(one.download.isWaiting)
            // Each chunk leaves by itself.
            #expect(one.sink.contents.count == 300)
            // Serialized chunks have eight bytes more; what it wants to have ahead, and one fetch more.
            let held = one.xorbs.byteCount - 300
            #expect(held <= 2 * (1000 + 600))
        }

        let late = try Self.file(9999, chunkCount: 150)
        #expect(try rig.run(late)?.get() == late.bytes)

        gate.change { $0 = true }
        executor.runUntilIdle()
        for one in stalled { #expect(one.download.value == one.file.bytes) }
        #expect(budget.reservedByteCount == 0)
    }

    /// Once the memory is used up, another stalled reader costs a few chunks and no more.
    @Test func `many stalled readers cost little beyond the whole`() throws {
        let executor = StepExecutor(seed: 3)
        let files = try (0..<50).map {
            try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: Self.chunkByteCount, seed: $0)
        }
        var configuration = Self.configuration()
        configuration.leastQueueByteCount = 200
        let budget = FetchBudget(byteCount: 4000, firstByteCount: 1000, firstFetchCount: 2, mostFetchCount: 4)
        let rig = DownloadRig(executor: executor, budget: budget, configuration: configuration)
        let gate = Watched(false)
        let stalled = files.map { file in
            let sink = CollectingSink { _ in try await gate.wait { $0 } }
            return rig.start(
                file,
                from: ScriptedReconstructionSource(file),
                xorbs: ScriptedXorbSource(file),
                into: sink
            )
        }
        executor.runUntilIdle()
        // However many there are.
        #expect(budget.reservedByteCount <= 4000 + 4000 / 8 + 200)
        gate.change { $0 = true }
        executor.runUntilIdle()
        for (file, download) in zip(files, stalled) { #expect(download.value == file.bytes) }
        #expect(budget.reservedByteCount == 0)
    }

    @Test func `limits of one byte still let everything through`() throws {
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 1, most: 1)
        configuration.queueByteCount = 1
        configuration.retainedByteCount = 0
        let budget = FetchBudget(byteCount: 1, firstByteCount: 1, firstFetchCount: 1, mostFetchCount: 1)
        let rig = DownloadRig(budget: budget, configuration: configuration)
        let files = try (0..<4).map { try Self.file($0, chunkCount: 30) }
        let xorbs = ScriptedXorbSource(files)
        let downloads = files.map { rig.start($0, from: ScriptedReconstructionSource($0), xorbs: xorbs) }
        rig.executor.runUntilIdle()
        for (file, download) in zip(files, downloads) { #expect(download.value == file.bytes) }
    }

    @Test func `fetches run at the same time, in the order of the file`() throws {
        // Each term in a xorb of its own would do as well; here each has a range of its own.
        let file = try SampleFile(ranges: (0..<8).map { 2 * $0..<2 * $0 + 1 }, chunkCount: 16, chunkByteCount: 100)
        let gate = Watched(false)
        let xorbs = ScriptedXorbSource(file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { _ in try await gate.wait { $0 } }
            return answer
        }
        // Small ones count a fourth.
        let rig = DownloadRig(budget: FetchBudget(firstFetchCount: 1))
        let download = rig.start(file, from: ScriptedReconstructionSource(file), xorbs: xorbs)
        rig.executor.runUntilIdle()
        #expect(xorbs.activeCount == 4)
        #expect(xorbs.calls.map(\.info.chunks.start) == [0, 2, 4, 6])
        gate.change { $0 = true }
        rig.executor.runUntilIdle()
        #expect(download.value == file.bytes)
    }
}
