import Synchronization
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

/// The rest of a download that broke off is verified with what was hashed before.
@Suite struct BrokenDownloadsTests {
    private struct Broken: Error {}

    /// Forty chunks of 100 bytes in windows of 500.
    private static func file() throws -> SampleFile {
        try SampleFile(ranges: [0..<40], chunkCount: 40, chunkByteCount: 100)
    }

    private static func rig() -> DownloadRig {
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 500, most: 500)
        return DownloadRig(configuration: configuration)
    }

    /// A sink that fails once it has taken at least `count` bytes.
    private static func sink(breakingAfter count: Int) -> CollectingSink {
        CollectingSink { if $0 >= count { throw Broken() } }
    }

    private static func rest(of file: SampleFile, from start: UInt64) throws -> FileByteRange {
        try #require(FileByteRange(start: start, end: file.byteCount))
    }

    /// A CDN that flips a bit of the last chunk, in bytes that no frame protects.
    private static func damaged(_ file: SampleFile) -> ScriptedXorbSource {
        ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.info.chunks.end == 40 {
                answer.damage = { bytes in bytes[bytes.count - 1] ^= 1 }
            }
            return answer
        }
    }

    @Test func `the rest is read from the window before, and delivered from where it was asked for`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        #expect(rig.run(file, into: Self.sink(breakingAfter: 2000))?.failure is Broken)
        let source = ScriptedReconstructionSource(file)
        let rest = try rig.run(file, range: Self.rest(of: file, from: 1730), from: source)?.get()
        #expect(rest == Array(file.bytes[1730...]))
        #expect(source.calls.first?.range?.start == 1500)
    }

    @Test func `a wrong byte in the rest is found`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        // Without what came before, it cannot be.
        let unknown = rig.run(file, range: try Self.rest(of: file, from: 1730), xorbs: Self.damaged(file))
        #expect(try unknown?.get().count == 2270)

        _ = rig.run(file, into: Self.sink(breakingAfter: 2000))
        let sink = CollectingSink()
        let range = try Self.rest(of: file, from: 1730)
        let error = rig.run(file, range: range, xorbs: Self.damaged(file), into: sink)?.failure as? XetError
        #expect(error?.code == .corrupt)
        #expect(sink.contents.count < 2270)
    }

    @Test func `a download may break off again and again`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        var received: [UInt8] = []
        for _ in 0..<3 {
            let sink = Self.sink(breakingAfter: 900)
            let range = try Self.rest(of: file, from: UInt64(received.count))
            #expect(rig.run(file, range: range, into: sink)?.failure is Broken)
            received += sink.contents.bytes
        }
        let source = ScriptedReconstructionSource(file)
        let range = try Self.rest(of: file, from: UInt64(received.count))
        received += try #require(try rig.run(file, range: range, from: source)?.get())
        #expect(received == file.bytes)
        let error = rig.run(file, range: range, xorbs: Self.damaged(file))?.failure as? XetError
        #expect(error?.code == .corrupt)
    }

    @Test func `what was not delivered, or lies too far back, or does not reach the end is not affected`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        _ = rig.run(file, into: Self.sink(breakingAfter: 2000))
        let ranges = [
            try Self.rest(of: file, from: 3000),
            try #require(FileByteRange(start: 1730, end: 3999)),
        ]
        for range in ranges {
            let source = ScriptedReconstructionSource(file)
            #expect(
                try rig.run(file, range: range, from: source)?.get()
                    == Array(file.bytes[Int(range.start)..<Int(range.end)])
            )
            #expect(source.calls.first?.range?.start == range.start)
        }
    }

    @Test func `what broke off in the first window is read from the start`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        #expect(rig.run(file, into: Self.sink(breakingAfter: 100))?.failure is Broken)
        let source = ScriptedReconstructionSource(file)
        let range = try Self.rest(of: file, from: 150)
        #expect(try rig.run(file, range: range, from: source)?.get() == file.slice(range))
        #expect(source.calls.first?.range?.start == 0)
        let error = rig.run(file, range: range, xorbs: Self.damaged(file))?.failure as? XetError
        #expect(error?.code == .corrupt)
    }

    /// What came before a chunk that cannot be unpacked may be wrong too.
    @Test func `the rest behind a chunk that could not be unpacked is verified`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        let xorbs = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            answer.damage = { bytes in
                if call.info.chunks.start == 0 { bytes[20] ^= 1 }
                if call.info.chunks.start == 20 { bytes[0] = 99 }
            }
            return answer
        }
        let sink = CollectingSink()
        #expect((rig.run(file, xorbs: xorbs, into: sink)?.failure as? XetError)?.code == .corrupt)
        #expect(sink.contents.count == 2000)
        let error = rig.run(file, range: try Self.rest(of: file, from: 2000), xorbs: Self.damaged(file))?.failure
        #expect((error as? XetError)?.code == .corrupt)
    }

    @Test func `a download that ended well leaves nothing`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        #expect(try rig.run(file)?.get() == file.bytes)
        #expect(rig.broken.tree(of: file.hash, before: 3999) == nil)
    }

    @Test func `a download that failed its verification leaves nothing`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        #expect(rig.run(file, xorbs: Self.damaged(file))?.failure is XetError)
        #expect(rig.broken.tree(of: file.hash, before: 3000) == nil)
    }

    @Test func `a few places are kept of each, and of so many downloads`() throws {
        let broken = BrokenDownloads()
        var points: [MerkleTree] = []
        var tree = MerkleTree()
        for _ in 0..<20 {
            tree.append(ChunkHash(ofChunk: [1]), byteCount: 100)
            points.append(tree)
        }
        let names = try (0..<300).map { number in
            let digits = String(number, radix: 16)
            return try #require(FileHash(String(repeating: "0", count: 64 - digits.count) + digits))
        }
        broken.note(names[0], points: points, end: 2050)
        #expect(broken.tree(of: names[0], before: 1200) == nil)
        #expect(broken.tree(of: names[0], before: 1300)?.byteCount == 1300)
        #expect(broken.tree(of: names[0], before: 2050)?.byteCount == 2000)
        #expect(broken.tree(of: names[0], before: 2051) == nil)
        #expect(broken.tree(of: names[1], before: 2000) == nil)
        for name in names { broken.note(name, points: points, end: 2050) }
        #expect(broken.tree(of: names[0], before: 2000) == nil)
        #expect(broken.tree(of: names[299], before: 2000) != nil)
    }

    // MARK: Trees that do not lead to the file hash

    /// A CDN that flips a bit of one chunk, for so many GETs of it.
    private static func damaged(_ file: SampleFile, chunk: Int, times: Int = .max) -> ScriptedXorbSource {
        let rest = Mutex(times)
        return ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            let chunks = call.info.chunks
            guard chunks.start <= chunk, chunk < chunks.end else { return answer }
            guard
                rest.withLock({ rest in
                    rest -= 1; return rest >= 0
                })
            else { return answer }
            answer.damage = { $0[(chunk - chunks.start + 1) * 108 - 1] ^= 1 }
            return answer
        }
    }

    @Test(arguments: [0, 4, 7, 14], [UInt64(1000), 1501, 1730, 2000])
    func `one bad break-off fails nobody else`(damagedChunk: Int, start: UInt64) throws {
        let (rig, file) = (Self.rig(), try Self.file())
        let bad = Self.damaged(file, chunk: damagedChunk)
        for _ in 0..<3 {
            #expect(rig.run(file, xorbs: bad, into: Self.sink(breakingAfter: 2000))?.failure is Broken)
        }
        let source = ScriptedReconstructionSource(file)
        let range = try Self.rest(of: file, from: start)
        let sink = CollectingSink()
        #expect(try rig.run(file, range: range, from: source, into: sink)?.get() == file.slice(range))
        // Once from the start, whatever was left of the file.
        #expect(source.calls.count { $0.range?.start == 0 } == (start / 500 * 5 > damagedChunk ? 1 : 0))
        #expect(rig.budget.reservedByteCount == 0)
        #expect(!rig.doubts.contains(file.hash))
        for _ in 0..<3 {
            #expect(try rig.run(file, range: range)?.get() == file.slice(range))
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `in any order of events the rest is right`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let file = try SampleFile(seed: seed, shape: .mixed)
        let rig = DownloadRig(seed: seed)
        // As if another had been given other bytes.
        var tree = MerkleTree()
        let known = Int.random(in: 1...max(1, file.pieces.count - 1), using: &random)
        for piece in file.pieces.prefix(known) {
            tree.append(ChunkHash(ofChunk: [1]), byteCount: piece.end - piece.start)
        }
        rig.broken.note(file.hash, points: [tree], end: file.byteCount)
        let start = UInt64.random(in: min(tree.byteCount, file.byteCount - 1)..<file.byteCount, using: &random)
        let range = try Self.rest(of: file, from: start)
        #expect(try rig.run(file, range: range)?.get() == file.slice(range))
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test func `what is wrong in the rest itself, once, is mended before it leaves`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        #expect(rig.run(file, into: Self.sink(breakingAfter: 3500))?.failure is Broken)
        // The last chunk leaves only when all have been verified.
        let range = try Self.rest(of: file, from: 3500)
        let xorbs = Self.damaged(file, chunk: 39, times: 1)
        #expect(try rig.run(file, range: range, xorbs: xorbs)?.get() == file.slice(range))
    }

    @Test(arguments: [17, 20, 33])
    func `what was wrong once and has left is not completed`(damagedChunk: Int) throws {
        let (rig, file) = (Self.rig(), try Self.file())
        _ = rig.run(file, into: Self.sink(breakingAfter: 2000))
        let sink = CollectingSink()
        let range = try Self.rest(of: file, from: 1730)
        let xorbs = Self.damaged(file, chunk: damagedChunk, times: 1)
        let error = rig.run(file, range: range, xorbs: xorbs, into: sink)?.failure as? XetError
        #expect(error?.code == .corrupt)
        #expect(sink.contents.count < 2270)
        #expect(rig.doubts.contains(file.hash))
    }

    @Test func `what is wrong for good is read again once`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        _ = rig.run(file, into: Self.sink(breakingAfter: 2000))
        let source = ScriptedReconstructionSource(file)
        let range = try Self.rest(of: file, from: 1730)
        let error = rig.run(file, range: range, from: source, xorbs: Self.damaged(file, chunk: 30))?.failure
        #expect((error as? XetError)?.code == .corrupt)
        #expect(source.calls.count { $0.range?.start == 0 } == 1)
        #expect(rig.doubts.contains(file.hash))
    }

    @Test func `a CAS that fails when the file is read again raises no doubt`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        _ = rig.run(file, xorbs: Self.damaged(file, chunk: 3), into: Self.sink(breakingAfter: 2000))
        let source = ScriptedReconstructionSource(file) { call in
            if call.range?.start == 0 { throw XetError(.forbidden, "not any more") }
        }
        let range = try Self.rest(of: file, from: 1730)
        #expect((rig.run(file, range: range, from: source)?.failure as? XetError)?.code == .forbidden)
        #expect(!rig.doubts.contains(file.hash))
        #expect(try rig.run(file, range: range)?.get() == file.slice(range))
    }

    @Test func `trees take so many bytes`() throws {
        let broken = BrokenDownloads()
        var tree = MerkleTree()
        var random = SplitMix64(seed: 1)
        for _ in 0..<100_000 { tree.append(ChunkHash(ofChunk: random.bytes(8)), byteCount: 100) }
        let points = Array(repeating: tree, count: BrokenDownloads.mostPointCount)
        for number in 0..<2 * BrokenDownloads.mostRecordCount {
            let digits = String(number, radix: 16)
            let name = try #require(FileHash(String(repeating: "0", count: 64 - digits.count) + digits))
            broken.note(name, points: points, end: tree.byteCount)
            #expect(broken.byteCount <= BrokenDownloads.mostByteCount)
            #expect(broken.tree(of: name, before: tree.byteCount) != nil)
            guard number.isMultiple(of: 5) else { continue }
            broken.forget(name)
            #expect(broken.tree(of: name, before: tree.byteCount) == nil)
        }
        #expect(broken.byteCount > 0)
    }
}
