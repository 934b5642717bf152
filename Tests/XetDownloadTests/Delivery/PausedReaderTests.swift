import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

/// A reader that takes nothing for long keeps its place in the file and nothing else, until it takes more.
@Suite struct PausedReaderTests {
    private static let patience = Duration.seconds(2)

    /// A download whose reader takes as much as a test lets it.
    private final class Reading: Sendable {
        let rig: DownloadRig
        let file: SampleFile
        let source: ScriptedReconstructionSource
        let xorbs: ScriptedXorbSource
        let contents: CollectingSink.Contents
        private let range: FileByteRange
        /// Bytes after which the reader stops.
        private let allowed = Watched(0)
        private let blocked = Watched(false)
        private let download: Started<[UInt8]>

        init(
            _ rig: DownloadRig,
            _ file: SampleFile,
            range: FileByteRange? = nil,
            source: ScriptedReconstructionSource? = nil,
            xorbs: ScriptedXorbSource? = nil
        ) {
            self.rig = rig
            self.file = file
            self.source = source ?? ScriptedReconstructionSource(file)
            self.xorbs = xorbs ?? ScriptedXorbSource(file)
            self.range = range ?? file.whole
            let (allowed, blocked) = (allowed, blocked)
            let sink = CollectingSink { delivered in
                blocked.change { $0 = true }
                try await allowed.wait { $0 > delivered }
                blocked.change { $0 = false }
            }
            contents = sink.contents
            download = rig.start(file, range: range, from: self.source, xorbs: self.xorbs, into: sink)
        }

        var result: Result<[UInt8], any Error>? { download.result }
        var isBlocked: Bool { blocked.value }
        var isWaiting: Bool { download.isWaiting }

        /// What it is to get.
        var expected: [UInt8] { file.slice(range) }

        /// Where in the file the reader is.
        var position: UInt64 { range.start + UInt64(contents.count) }

        /// The download, or all of its rig, has nothing but its place.
        func expectNothing(sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(xorbs.activeCount == 0, sourceLocation: sourceLocation)
            #expect(rig.budget.reservedByteCount == 0, sourceLocation: sourceLocation)
            #expect(rig.clock.sleeperCount == 0, sourceLocation: sourceLocation)
        }

        /// Lets the reader take bytes until so many are delivered, without any time passing.
        func allow(_ count: Int) {
            allowed.change { $0 = max($0, count) }
            rig.executor.runUntilIdle()
        }

        /// Lets time pass.
        func pass(_ duration: Duration) {
            for _ in 0..<Int(duration / .milliseconds(250)) {
                rig.clock.advance(by: .milliseconds(250))
                rig.executor.runUntilIdle()
            }
        }

        /// Lets the reader take bytes until so many are delivered, or to the end.
        func take(until count: Int = .max) {
            allowed.change { $0 = max($0, count) }
            for _ in 0..<2000 {
                rig.executor.runUntilIdle()
                guard isWaiting, !isBlocked else { return }
                rig.clock.advance(by: .milliseconds(250))
            }
            Issue.record("it waits for ever, after \(contents.count) bytes")
        }

        func cancel() {
            download.cancel()
            rig.executor.runUntilIdle()
        }

        /// Lets the reader stop, after `count` bytes, until it is found out; `false` if it has come to the end before.
        func stop(after count: Int) -> Bool {
            take(until: count)
            guard isWaiting else { return false }
            pass(PausedReaderTests.patience)
            return true
        }
    }

    private static func rig(seed: UInt64? = nil, patience: Duration? = patience) -> DownloadRig {
        guard let seed else {
            var configuration = FileDownloader.Configuration.test()
            configuration.setWindows(first: 500, most: 1000)
            configuration.patience = patience
            return DownloadRig(
                clock: ManualClock(),
                budget: FetchBudget(byteCount: 4000, firstByteCount: 2000, placeByteCount: 10),
                configuration: configuration
            )
        }
        return DownloadRig(seed: seed, clock: ManualClock(), patience: patience)
    }

    private static func range(of file: SampleFile, _ random: inout SplitMix64) -> FileByteRange {
        let start = UInt64.random(in: 0..<file.byteCount, using: &random)
        return FileByteRange(start: start, end: UInt64.random(in: start + 1...file.byteCount, using: &random))
            ?? file.whole
    }

    private static func plain(chunkCount: Int = 60) throws -> SampleFile {
        try SampleFile(ranges: [0..<chunkCount], chunkCount: chunkCount, chunkByteCount: 100)
    }

    // MARK: What is kept

    @Test func `a blocked reader has no GET open, holds nothing, and goes on where it was`() throws {
        let reading = Reading(Self.rig(), try Self.plain())
        reading.take(until: 1234)
        #expect(reading.contents.count == 1300)
        #expect(reading.isBlocked)
        #expect(reading.rig.budget.reservedByteCount > 0)
        reading.pass(.milliseconds(1750))
        #expect(reading.rig.budget.reservedByteCount > 0)
        reading.pass(.milliseconds(250))
        reading.expectNothing()
        // And costs nothing as long as it is.
        let (sourceCount, getCount) = (reading.source.calls.count, reading.xorbs.calls.count)
        reading.pass(.seconds(60))
        reading.expectNothing()
        #expect(reading.source.calls.count == sourceCount && reading.xorbs.calls.count == getCount)
        reading.take()
        #expect(try reading.result?.get() == reading.expected)
        // The chunk that it was just given is not asked for again.
        #expect(reading.source.calls[sourceCount].range?.start == 1400)
        #expect(reading.xorbs.calls.dropFirst(getCount).map(\.info.chunks.start).min() == 14)
        #expect(reading.rig.budget.reservedByteCount == 0)
    }

    @Test func `one that takes something every now and then is not disturbed`() throws {
        let reading = Reading(Self.rig(), try Self.plain())
        while reading.isWaiting {
            reading.take(until: reading.contents.count + 1)
            reading.pass(.milliseconds(1750))
        }
        #expect(try reading.result?.get() == reading.expected)
        let starts = reading.source.calls.compactMap { $0.range?.start }
        #expect(Set(starts).count == starts.count)
        #expect(reading.xorbs.byteCount == reading.file.xorbs.values.reduce(0) { $0 + $1.chunks.count })
    }

    @Test func `without patience it keeps all`() throws {
        let reading = Reading(Self.rig(patience: nil), try Self.plain())
        reading.take(until: 1000)
        let held = reading.rig.budget.reservedByteCount
        #expect(held > 0)
        reading.pass(.seconds(100))
        #expect(reading.rig.budget.reservedByteCount == held)
        reading.take()
        #expect(try reading.result?.get() == reading.expected)
        #expect(reading.xorbs.byteCount == reading.file.xorbs.values.reduce(0) { $0 + $1.chunks.count })
    }

    /// What the fetches that were ended had brought is fetched again, and no more than that.
    @Test func `what is fetched again is bounded by what lay ahead`() throws {
        let reading = Reading(Self.rig(), try Self.plain(chunkCount: 200))
        var pauseCount = 0
        while reading.stop(after: reading.contents.count + 1500) { pauseCount += 1 }
        #expect(pauseCount > 8)
        #expect(try reading.result?.get() == reading.expected)
        let needed = reading.file.xorbs.values.reduce(0) { $0 + $1.chunks.count }
        // It wants 2,000 bytes ahead; each fetch may be one chunk, and each chunk has a header, beyond.
        #expect(reading.xorbs.byteCount <= needed + pauseCount * 2 * 2000)
    }

    // MARK: Any file, anywhere

    @Test(arguments: 0..<150 as Range<UInt64>)
    func `whole files and ranges, anywhere, again and again`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed &+ 99)
        let shapes = SampleFile.Shape.allCases
        let file = try SampleFile(seed: seed, shape: shapes[Int(seed) % shapes.count])
        let range = Bool.random(using: &random) ? Self.range(of: file, &random) : file.whole
        // GETs that stand still while the reader does are under way when it is found out.
        let isFlowing = Watched(true)
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            answer.before = { _ in try await isFlowing.wait { $0 } }
            return answer
        }
        let source = ScriptedReconstructionSource(file, isMerged: Bool.random(using: &random))
        let reading = Reading(Self.rig(seed: seed), file, range: range, source: source, xorbs: xorbs)
        var stop = 0
        while true {
            stop += Int.random(in: 0...reading.expected.count / 3 + 1, using: &random)
            reading.take(until: stop)
            guard reading.isWaiting else { break }
            if Bool.random(using: &random) { isFlowing.change { $0 = false } }
            let delivered = reading.position
            // Now and then it comes back in time.
            if Int.random(in: 0..<4, using: &random) > 0 {
                reading.pass(Self.patience)
                reading.expectNothing()
                let callCount = source.calls.count
                isFlowing.change { $0 = true }
                reading.take(until: reading.contents.count + 1)
                guard reading.isWaiting || source.calls.count > callCount else { break }
                if source.calls.count > callCount, let start = source.calls[callCount].range?.start {
                    // From the end of the chunk that it was just given.
                    #expect(start >= delivered)
                    #expect(file.pieces.contains { UInt64($0.end) == start && UInt64($0.start) <= delivered })
                }
            } else {
                reading.pass(.seconds(1))
                isFlowing.change { $0 = true }
            }
        }
        #expect(try reading.result?.get() == reading.expected)
        reading.expectNothing()
    }

    @Test func `while others wait for memory, blocked readers are found out sooner`() throws {
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: 100)
        for (byteCount, isShort) in [(1500, true), (1 << 20, false)] {
            var configuration = FileDownloader.Configuration.test()
            configuration.setWindows(first: 500, most: 1000)
            configuration.patience = Self.patience
            let budget = FetchBudget(byteCount: byteCount)
            let rig = DownloadRig(clock: ManualClock(), budget: budget, configuration: configuration)
            let readings = (0..<12).map { _ in Reading(rig, file) }
            rig.executor.runUntilIdle()
            let blockedCount = readings.count { $0.isBlocked }
            #expect((blockedCount < readings.count) == isShort)
            readings[0].pass(Self.patience - .milliseconds(250))
            // Everybody has had a turn, and nobody is disturbed without need.
            for reading in readings { #expect(reading.isBlocked) }
            if !isShort { #expect(budget.reservedByteCount >= readings.count * 500) }
            readings[0].pass(Self.patience * 2)
            readings[0].expectNothing()
            for reading in readings { reading.take() }
            for reading in readings { #expect(try reading.result?.get() == file.bytes) }
        }
    }

    @Test func `those that go on at once stand in line, and one that is blocked holds nobody up`() throws {
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: 100)
        var rig = Self.rig()
        rig.resumptions = TaskGate(width: 2)
        rig.configuration.retry = .outlasting()
        let isAnswering = Watched(true)
        let readings = (0..<7).map { _ in
            Reading(rig, file, source: ScriptedReconstructionSource(file) { _ in try await isAnswering.wait { $0 } })
        }
        func callCount() -> Int { readings.reduce(0) { $0 + $1.source.calls.count } }
        for reading in readings { reading.take(until: 100) }
        readings[0].pass(Self.patience)
        for reading in readings { reading.expectNothing() }

        let before = callCount()
        isAnswering.change { $0 = false }
        for reading in readings { reading.allow(150) }
        #expect(callCount() == before + 2)
        isAnswering.change { $0 = true }
        // All of them are blocked again, two at a time.
        readings[0].pass(Self.patience * 2)
        #expect(readings.allSatisfy { $0.contents.count > 100 && $0.isBlocked })
        readings[0].expectNothing()

        // Nor does one whose CAS is away.
        let away = Watched(false)
        let outages = (0..<2).map { _ in
            Reading(
                rig,
                file,
                source: ScriptedReconstructionSource(file) { _ in
                    if away.value { throw XetError(.unavailable, "away") }
                }
            )
        }
        for reading in outages { #expect(reading.stop(after: 100)) }
        away.change { $0 = true }
        for reading in outages { reading.allow(150) }
        readings[0].take()
        #expect(try readings[0].result?.get() == file.bytes)
        for reading in readings.dropFirst() + outages { reading.cancel() }
        readings[0].expectNothing()
    }

    @Test(arguments: SampleFile.Cut.allCases, 0..<30 as Range<UInt64>)
    func `answers that begin long before the place`(cut: SampleFile.Cut, seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let file = try SampleFile(ranges: [0..<30, 10..<25, 5..<30], chunkCount: 30, chunkByteCount: 100, seed: seed)
        for range in [file.whole, Self.range(of: file, &random)] {
            let source = ScriptedReconstructionSource(file, cut: cut)
            let reading = Reading(Self.rig(seed: seed), file, range: range, source: source)
            while reading.stop(after: reading.contents.count + Int.random(in: 1...900, using: &random)) {
                reading.expectNothing()
            }
            #expect(try reading.result?.get() == reading.expected)
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `with failures and renewals meanwhile`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let shapes = SampleFile.Shape.allCases
        let file = try SampleFile(seed: seed, shape: shapes[Int(seed) % shapes.count])
        let xorbs = ScriptedXorbSource(file) { call in
            var random = SplitMix64(seed: seed &* 1000 &+ UInt64(call.number))
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = Int.random(in: 1...2000, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: answer.refusal = XetError(.expired, "too late")
            case 1: answer.refusal = XetError(.unavailable, "busy")
            case 2: answer.truncation = Int.random(in: 0..<Int(call.info.bytes.count), using: &random)
            case 3: answer.damage = { bytes in bytes[0] = 9 }
            default: break
            }
            return answer
        }
        var rig = Self.rig(seed: seed)
        rig.configuration.retry = RetryPolicy(maximumAttempts: 1000)
        rig.configuration.stall = Bool.random(using: &random) ? StallPolicy(silence: .seconds(1)) : nil
        let reading = Reading(rig, file, xorbs: xorbs)
        while reading.stop(after: reading.contents.count + Int.random(in: 1...5000, using: &random)) {
            // The timer that looks after stalls ends a little later.
            reading.pass(DeadlineWatch.precision)
            reading.expectNothing()
        }
        #expect(try reading.result?.get() == reading.expected)
        reading.expectNothing()
    }

    /// Chunks that are kept since later terms use them again: they go, and come again.
    @Test func `chunks that were kept are fetched again`() throws {
        let file = try SampleFile(ranges: [0..<6, 6..<12, 0..<6, 0..<12], chunkCount: 12, chunkByteCount: 100)
        var rig = Self.rig()
        rig.configuration.setWindows(first: 5000, most: 5000)
        for stop in stride(from: 50, to: file.bytes.count - 100, by: 100) {
            let reading = Reading(rig, file)
            #expect(reading.stop(after: stop))
            reading.expectNothing()
            reading.take()
            #expect(try reading.result?.get() == file.bytes)
            #expect(rig.budget.reservedByteCount == 0)
        }
    }

    // MARK: Going on

    /// A reader that takes what lies in its connection all at once, then nothing for long, again and again.
    @Test func `one that had paused is asked whether there is room before more is fetched`() throws {
        let file = try Self.plain()
        let rig = Self.rig()
        let (room, allowed) = (Watched(0), Watched(1000))
        var sink = CollectingSink { delivered in try await allowed.wait { $0 > delivered } }
        sink.room = { delivered in try await room.wait { $0 > delivered } }
        let source = ScriptedReconstructionSource(file)
        let xorbs = ScriptedXorbSource(file)
        let download = rig.start(file, from: source, xorbs: xorbs, into: sink)
        func pass(_ duration: Duration) {
            for _ in 0..<Int(duration / .milliseconds(250)) {
                rig.executor.runUntilIdle()
                rig.clock.advance(by: .milliseconds(250))
            }
            rig.executor.runUntilIdle()
        }
        pass(Self.patience + .milliseconds(250))
        // It takes the piece that it was given, and has no room for more.
        allowed.change { $0 = .max }
        pass(.zero)
        while download.isWaiting {
            let (delivered, callCount, getCount) = (sink.contents.count, source.calls.count, xorbs.calls.count)
            pass(.seconds(100))
            #expect(sink.contents.count == delivered)
            #expect(source.calls.count == callCount && xorbs.calls.count == getCount)
            #expect(rig.budget.reservedByteCount == 0 && rig.clock.sleeperCount == 0)
            room.change { $0 = delivered + 1 }
            pass(.zero)
            // One window at a time, which begins where it is.
            #expect(source.calls.count == callCount + 1)
            #expect(source.calls.last?.range?.start == UInt64(delivered))
            #expect(source.calls.last?.range?.count == UInt64(sink.contents.count - delivered))
        }
        #expect(download.value == file.bytes)
    }

    /// A reader that has shown that it takes all at once is not kept waiting for each window.
    @Test func `one that had paused and is quick again has windows ahead`() throws {
        let reading = Reading(Self.rig(), try Self.plain(chunkCount: 400))
        #expect(reading.stop(after: 1000))
        reading.take(until: 6000)
        // Its next windows were asked for while it read.
        let calls = reading.source.calls.compactMap(\.range)
        #expect(calls.contains { $0.start > reading.position })
        reading.take()
        #expect(try reading.result?.get() == reading.expected)
    }

    @Test func `one that waits for room can be cancelled, and its failure is told`() throws {
        struct Gone: Error {}
        for isCancelled in [true, false] {
            let file = try Self.plain()
            let rig = Self.rig()
            let (room, allowed) = (Watched(false), Watched(1000))
            var sink = CollectingSink { delivered in try await allowed.wait { $0 > delivered } }
            sink.room = { _ in
                try await room.wait { $0 }
                throw Gone()
            }
            let download = rig.start(
                file,
                from: ScriptedReconstructionSource(file),
                xorbs: ScriptedXorbSource(file),
                into: sink
            )
            for _ in 0..<10 {
                rig.executor.runUntilIdle()
                rig.clock.advance(by: .milliseconds(250))
            }
            allowed.change { $0 = .max }
            rig.executor.runUntilIdle()
            #expect(download.isWaiting)
            if isCancelled { download.cancel() } else { room.change { $0 = true } }
            rig.executor.runUntilIdle()
            #expect(isCancelled ? download.error is CancellationError : download.error is Gone)
            #expect(rig.budget.reservedByteCount == 0)
        }
    }

    // MARK: How readers are given bytes

    /// One that has taken a lot is given whole batches; then one that was blocked is given parts of chunks.
    @Test func `a quick reader that stops, in batches and in parts`() throws {
        let chunkByteCount = 60_000
        let file = try SampleFile(
            chunks: (0..<180).map {
                [UInt8](repeating: UInt8($0), count: chunkByteCount) + [UInt8(truncatingIfNeeded: $0 / 7)]
            }
        )
        var configuration = FileDownloader.Configuration.test()
        configuration.patience = Self.patience
        let reading = Reading(DownloadRig(clock: ManualClock(), configuration: configuration), file)
        #expect(reading.stop(after: ReaderFlow.quickByteCount + 100_000))
        reading.expectNothing()
        let before = reading.contents.count
        // The batch that it was just given, then parts.
        for step in 1...12 {
            let taken = reading.contents.count
            #expect(reading.stop(after: taken + 1))
            reading.expectNothing()
            if step > 1 { #expect(reading.contents.count - taken <= ReaderFlow.slowPieceByteCount) }
        }
        #expect(reading.contents.count > before)
        reading.take()
        #expect(try reading.result?.get() == file.bytes)
    }

    // MARK: Faults

    /// The file's hash is compared at the end, whatever came between.
    @Test(arguments: [0, 700, 1500, 5900], [false, true])
    func `a byte that is flipped is found out`(place: Int, isInLastPart: Bool) throws {
        let file = try Self.plain()
        let chunk = place / 100
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            answer.damage = { bytes in
                let byte = chunk * 108 + 50 - Int(call.info.bytes.first)
                if bytes.indices.contains(byte) { bytes[byte] ^= 1 }
            }
            return answer
        }
        let reading = Reading(Self.rig(), file, xorbs: xorbs)
        #expect(reading.stop(after: 1400))
        if isInLastPart { #expect(reading.stop(after: 5000)) }
        reading.take()
        #expect((reading.result?.failure as? XetError)?.code == .corrupt)
        #expect(reading.contents.count < file.bytes.count)
        reading.expectNothing()
    }

    /// Each part is right for itself, but not behind the other.
    @Test func `a file that has become another meanwhile is found out`() throws {
        let file = try Self.plain()
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.generation > 4 { answer.damage = { bytes in bytes.swapAt(8, 9) } }
            return answer
        }
        let reading = Reading(Self.rig(), file, xorbs: xorbs)
        #expect(reading.stop(after: 300))
        reading.take()
        #expect((reading.result?.failure as? XetError)?.code == .corrupt)
        #expect(reading.contents.count < file.bytes.count)
    }

    @Test func `a CAS that refuses to go on`() throws {
        let file = try Self.plain()
        let isRefusing = Watched(false)
        let source = ScriptedReconstructionSource(file) { _ in
            if isRefusing.value { throw XetError(.forbidden, "not any more") }
        }
        let reading = Reading(Self.rig(), file, source: source)
        #expect(reading.stop(after: 1000))
        isRefusing.change { $0 = true }
        reading.take()
        #expect((reading.result?.failure as? XetError)?.code == .forbidden)
        #expect(reading.contents.bytes == Array(file.bytes.prefix(1100)))
        reading.expectNothing()
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `one that is cancelled while it is paused, or goes on, ends`(seed: UInt64) throws {
        let reading = Reading(Self.rig(seed: seed), try Self.plain())
        guard reading.stop(after: Int(seed) * 130 + 1) else { return }
        let getCount = reading.xorbs.calls.count
        if seed % 2 == 0 {
            reading.cancel()
            #expect(reading.xorbs.calls.count == getCount)
        } else {
            reading.rig.executor.run(Int(seed))
            reading.cancel()
        }
        #expect(reading.result?.failure is CancellationError)
        reading.expectNothing()
    }

    // MARK: Others

    @Test func `readers that stop leave their memory to those that go on`() throws {
        let budget = FetchBudget(byteCount: 3000, firstByteCount: 1000, placeByteCount: 10)
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 500, most: 500)
        configuration.patience = Self.patience
        let rig = DownloadRig(clock: ManualClock(), budget: budget, configuration: configuration)
        let stopped = try (0..<20).map {
            Reading(rig, try SampleFile(ranges: [0..<40], chunkCount: 40, chunkByteCount: 100, seed: $0))
        }
        for reading in stopped { reading.allow(100) }
        #expect(budget.reservedByteCount > 2500)
        // Those that have memory are found out, then those that get it after them.
        for _ in 0..<10 { stopped[0].pass(Self.patience) }
        #expect(budget.reservedByteCount == 0)
        for reading in stopped {
            #expect(reading.isBlocked)
            reading.expectNothing()
        }
        let late = Reading(rig, try Self.plain())
        late.take()
        #expect(try late.result?.get() == late.expected)
        for reading in stopped.reversed() {
            reading.take()
            #expect(try reading.result?.get() == reading.expected)
        }
        #expect(budget.reservedByteCount == 0)
    }
}
