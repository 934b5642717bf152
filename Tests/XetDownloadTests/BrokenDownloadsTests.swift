import Testing
import XetAccess
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
        configuration.firstWindowByteCount = 500
        configuration.mostWindowByteCount = 500
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
}
