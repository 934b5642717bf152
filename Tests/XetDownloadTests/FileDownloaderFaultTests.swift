import Synchronization
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

/// What goes wrong at the peers: the right bytes all the same, or the right error, and never a clean end without them.
@Suite struct FileDownloaderFaultTests {
    private static func file(_ seed: UInt64) throws -> SampleFile {
        let shapes = SampleFile.Shape.allCases
        return try SampleFile(seed: seed, shape: shapes[Int(seed) % shapes.count])
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `expired addresses are renewed`(seed: UInt64) throws {
        let file = try Self.file(seed)
        // Every address is refused until its window has been asked for again.
        let source = ScriptedReconstructionSource(file)
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            let windows = source.calls.map(\.range)
            let window = windows[call.generation]
            if windows[..<call.generation].allSatisfy({ $0 != window }) {
                answer.refusal = XetError(.expired, "too late")
            }
            return answer
        }
        let rig = DownloadRig(seed: seed)
        #expect(try rig.run(file, from: source, xorbs: xorbs)?.get() == file.bytes)
        let windows = source.calls.map(\.range)
        // Once for each window, however many of its fetches were refused.
        for window in Set(windows) { #expect(windows.count { $0 == window } == 2) }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `connections that break at any byte`(seed: UInt64) throws {
        let file = try Self.file(seed)
        let xorbs = ScriptedXorbSource(file) { call in
            var random = SplitMix64(seed: seed &* 1000 &+ UInt64(call.number))
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = Int.random(in: 1...2000, using: &random)
            if call.repetition < 3 {
                answer.truncation = Int.random(in: 0..<Int(call.info.bytes.count), using: &random)
            }
            return answer
        }
        let rig = DownloadRig(seed: seed)
        #expect(try rig.run(file, xorbs: xorbs)?.get() == file.bytes)
        #expect(rig.budget.reservedByteCount == 0)
    }

    /// A later window may repeat whole chunks; one that reaches over its beginning is not in the file.
    @Test func `a chunk across the border of two windows is refused`() throws {
        let file = try SampleFile(ranges: [0..<40], chunkCount: 40, chunkByteCount: 100, seed: 5)
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 500, most: 500)
        let source = ScriptedReconstructionSource(
            file,
            changed: { call, answer in
                guard call.number == 1, let answer, let first = answer.terms.first else { return answer }
                return try Reconstruction(
                    offsetIntoFirstTerm: 50,
                    terms: [first] + answer.terms,
                    fetches: answer.fetches.mapValues(\.infos)
                )
            }
        )
        let sink = CollectingSink { _ in }
        let rig = DownloadRig(configuration: configuration)
        let download = rig.start(file, from: source, xorbs: ScriptedXorbSource(file), into: sink)
        rig.executor.runUntilIdle()
        #expect((download.error as? XetError)?.code == .corrupt)
        #expect(sink.contents.count < file.bytes.count)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `a damaged chunk fails before the last byte`(seed: UInt64) throws {
        let file = try Self.file(seed)
        var random = SplitMix64(seed: seed)
        // A packed chunk may unpack to the same bytes although one of its own has changed.
        let stored = file.pieces.filter { piece in
            guard let xorb = file.xorbs[piece.xorb] else { return false }
            return xorb.chunks[xorb.index.serializedStart(of: piece.chunk) + 4] == CompressionScheme.none.rawValue
        }
        let piece = try #require(stored.randomElement(using: &random))
        let xorb = try #require(file.xorbs[piece.xorb])
        let start = xorb.index.serializedStart(of: piece.chunk)
        let end = xorb.index.serializedStart(of: piece.chunk + 1)
        let damaged = Int.random(in: start + ChunkHeader.byteCount..<end, using: &random)
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.xorb == piece.xorb {
                answer.damage = { bytes in
                    let place = damaged - Int(call.info.bytes.first)
                    if bytes.indices.contains(place) { bytes[place] ^= 1 }
                }
            }
            return answer
        }
        let sink = CollectingSink()
        let rig = DownloadRig(seed: seed)
        let result = rig.run(file, xorbs: xorbs, into: sink)
        #expect((result?.failure as? XetError)?.code == .corrupt)
        #expect(sink.contents.count < file.bytes.count)
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test func `a chunk in another's place is found out`() throws {
        // Two chunks of the same length, swapped by the CDN.
        let file = try SampleFile(ranges: [0..<4], chunkCount: 4, chunkByteCount: 100)
        let xorbs = ScriptedXorbSource(file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = 108
            answer.damage = { bytes in bytes = Array(bytes[108..<216] + bytes[..<108] + bytes[216...]) }
            return answer
        }
        let sink = CollectingSink()
        let error = DownloadRig().run(file, xorbs: xorbs, into: sink)?.failure as? XetError
        #expect(error?.code == .corrupt)
        #expect(sink.contents.count == 300)
    }

    @Test func `terms that state another length than their chunks have`() throws {
        let file = try SampleFile(ranges: [0..<2, 2..<4], chunkCount: 4, chunkByteCount: 100)
        for change in [-1, 1] {
            let source = ScriptedReconstructionSource(file) { _ in
            } changed: { _, answer in
                guard let answer, let first = answer.terms.first else { return nil }
                let term = try Term(
                    xorb: first.xorb,
                    chunks: first.chunks,
                    unpackedByteCount: first.unpackedByteCount + change
                )
                return try Reconstruction(
                    offsetIntoFirstTerm: 0,
                    terms: [term] + answer.terms.dropFirst(),
                    fetches: answer.fetches.mapValues(\.infos)
                )
            }
            let range = try #require(FileByteRange(start: 0, end: 390))
            let xorbs = ScriptedXorbSource(file) { _ in
                var answer = ScriptedXorbSource.Answer()
                answer.pieceByteCount = 108
                return answer
            }
            let sink = CollectingSink()
            let result = DownloadRig().run(file, range: range, from: source, xorbs: xorbs, into: sink)
            let error = result?.failure as? XetError
            #expect(error?.code == .corrupt)
            #expect(sink.contents.count == 100)
        }
    }

    /// What was planned is delivered, then the CAS's own error comes out, not that of what was cancelled because of it.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func `a CAS that fails later`(seed: UInt64) throws {
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: 100)
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 1000, most: 1000)
        let rig = DownloadRig(executor: StepExecutor(seed: seed), configuration: configuration)
        let source = ScriptedReconstructionSource(file) { call in
            if call.number == 3 { throw XetError(.forbidden, "not any more") }
        }
        let sink = CollectingSink()
        let error = rig.run(file, from: source, into: sink)?.failure
        #expect((error as? XetError)?.code == .forbidden)
        #expect(sink.contents.bytes == Array(file.bytes.prefix(3000)))
    }

    /// Whatever is away, and in whatever order it comes back, the file comes.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func `CAS and CDN that are away for minutes`(seed: UInt64) throws {
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: 100)
        var random = SplitMix64(seed: seed)
        let clock = ManualClock(isJumping: true)
        var rig = DownloadRig(seed: seed, clock: clock)
        rig.configuration.setWindows(first: 1000, most: 1000)
        rig.configuration.retry = .outlasting()
        let starts = (0..<2).map { _ in Int.random(in: 1...5, using: &random) }
        let ends = (0..<2).map { _ in Duration.seconds(Int.random(in: 30...290, using: &random)) }
        let source = ScriptedReconstructionSource(file) { call in
            if call.number >= starts[0], clock.now.offset < ends[0] { throw XetError(.connectionFailed, "away") }
        }
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.number >= starts[1], clock.now.offset < ends[1] { answer.refusal = XetError(.unavailable, "away") }
            return answer
        }
        #expect(try rig.run(file, from: source, xorbs: xorbs)?.get() == file.bytes)
        #expect(rig.budget.reservedByteCount == 0)
        #expect(xorbs.activeCount == 0)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `a CAS that stays away later`(seed: UInt64) throws {
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: 100)
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 1000, most: 1000)
        configuration.retry = .outlasting(.seconds(100))
        let clock = ManualClock(isJumping: true)
        let rig = DownloadRig(executor: StepExecutor(seed: seed), clock: clock, configuration: configuration)
        let source = ScriptedReconstructionSource(file) { call in
            if call.number >= 3 { throw XetError(.timedOut, "silent") }
        }
        let sink = CollectingSink()
        let error = rig.run(file, from: source, into: sink)?.failure
        #expect((error as? XetError)?.code == .timedOut)
        #expect(sink.contents.bytes == Array(file.bytes.prefix(3000)))
        #expect(clock.now.offset == .seconds(100))
    }

    @Test func `before its first byte a download asks the CAS as often as the source does`() throws {
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: 100)
        var configuration = FileDownloader.Configuration.test()
        configuration.retry = .outlasting()
        let source = ScriptedReconstructionSource(file) { _ in throw XetError(.unavailable, "away") }
        let error = DownloadRig(configuration: configuration).run(file, from: source)?.failure
        #expect((error as? XetError)?.code == .unavailable)
        #expect(source.calls.count == 1)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `cancelling ends the wait for a server`(seed: UInt64) throws {
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: 100)
        let clock = ManualClock()
        var rig = DownloadRig(seed: seed, clock: clock)
        rig.configuration.retry = .outlasting()
        let xorbs = ScriptedXorbSource(file) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.refusal = XetError(.connectionFailed, "away")
            return answer
        }
        let started = rig.start(file, from: ScriptedReconstructionSource(file), xorbs: xorbs)
        rig.executor.runUntilIdle()
        for _ in 0..<3 {
            clock.advance(by: .seconds(5))
            rig.executor.runUntilIdle()
        }
        #expect(started.isWaiting && clock.sleeperCount > 0)
        let count = xorbs.calls.count
        started.cancel()
        rig.executor.runUntilIdle()
        #expect(started.error is CancellationError)
        #expect(clock.sleeperCount == 0)
        #expect(xorbs.calls.count == count)
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `a fetch that fails for good`(seed: UInt64) throws {
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: 100)
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 1000, most: 1000)
        let rig = DownloadRig(executor: StepExecutor(seed: seed), configuration: configuration)
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.info.chunks.start == 20 { answer.refusal = XetError(.notFound, "gone") }
            return answer
        }
        let sink = CollectingSink()
        let error = rig.run(file, xorbs: xorbs, into: sink)?.failure
        #expect((error as? XetError)?.code == .notFound)
        #expect(sink.contents.bytes == Array(file.bytes.prefix(2000)))
        #expect(xorbs.activeCount == 0)
    }

    // MARK: Ends that come early

    private struct Left: Error {}

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `a reader that stops ends all fetches`(seed: UInt64) throws {
        let file = try Self.file(seed)
        let stop = file.pieces[file.pieces.count / 2].start
        let sink = CollectingSink { delivered in if delivered >= stop { throw Left() } }
        let xorbs = ScriptedXorbSource(file)
        let source = ScriptedReconstructionSource(file)
        let rig = DownloadRig(seed: seed)
        let started = rig.start(file, from: source, xorbs: xorbs, into: sink)
        rig.executor.runUntilIdle()
        #expect(started.error is Left)
        #expect(xorbs.activeCount == 0)
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `cancelling at any moment ends all requests`(seed: UInt64) throws {
        let file = try Self.file(seed)
        let xorbs = ScriptedXorbSource(file)
        let source = ScriptedReconstructionSource(file)
        let rig = DownloadRig(seed: seed)
        let sink = CollectingSink()
        let started = rig.start(file, from: source, xorbs: xorbs, into: sink)
        guard rig.executor.run(Int(seed) * 3) else { return }
        started.cancel()
        rig.executor.runUntilIdle()
        #expect(!started.isWaiting)
        if let error = started.error { #expect(error is CancellationError) }
        #expect(xorbs.activeCount == 0)
        #expect(rig.budget.reservedByteCount == 0)
        #expect(file.bytes.starts(with: sink.contents.bytes))
    }

    @Test func `a reader that has enough needs no more windows`() throws {
        let file = try SampleFile(ranges: [0..<60], chunkCount: 60, chunkByteCount: 100)
        let range = try #require(FileByteRange(start: 150, end: 250))
        let source = ScriptedReconstructionSource(file)
        #expect(try DownloadRig().run(file, range: range, from: source)?.get() == file.slice(range))
        #expect(source.calls.map(\.range) == [range])
    }
}
