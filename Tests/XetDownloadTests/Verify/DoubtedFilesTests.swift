import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

/// Whoever was given wrong bytes does not complete them.
@Suite struct DoubtedFilesTests {
    /// Forty chunks of 100 bytes in windows of 500.
    private static func file(_ chunkCount: Int = 40) throws -> SampleFile {
        try SampleFile(ranges: [0..<chunkCount], chunkCount: chunkCount, chunkByteCount: 100)
    }

    private static func rig() -> DownloadRig {
        var configuration = FileDownloader.Configuration.test()
        configuration.setWindows(first: 500, most: 500)
        return DownloadRig(configuration: configuration)
    }

    /// A CDN that flips a bit of one chunk, in bytes that no frame protects.
    private static func damaged(_ file: SampleFile, chunk: Int) -> ScriptedXorbSource {
        ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            let chunks = call.info.chunks
            if chunks.start <= chunk, chunk < chunks.end {
                answer.damage = { $0[(chunk - chunks.start + 1) * 108 - 1] ^= 1 }
            }
            return answer
        }
    }

    private static func code(_ result: Result<[UInt8], any Error>?) -> XetError.Code? {
        (result?.failure as? XetError)?.code
    }

    private static func parts(of file: SampleFile) throws -> [FileByteRange] {
        let (count, last) = (file.byteCount, file.byteCount - 1)
        return try [(1, count), (count / 2, count), (last, count), (0, last), (0, 1), (count / 3, count / 2)].map {
            try #require(FileByteRange(start: $0.0, end: $0.1))
        }
    }

    @Test(arguments: [0, 4, 5, 17, 38, 39])
    func `no part of a file that was wrong is handed out before the whole has been right`(damagedChunk: Int) throws {
        let (rig, file) = (Self.rig(), try Self.file())
        #expect(Self.code(rig.run(file, xorbs: Self.damaged(file, chunk: damagedChunk))) == .corrupt)
        for range in try Self.parts(of: file) {
            let sink = CollectingSink()
            #expect(Self.code(rig.run(file, range: range, into: sink)) == .corrupt, "\(range)")
            #expect(sink.contents.count == 0)
        }
        #expect(try rig.run(file)?.get() == file.bytes)
        for range in try Self.parts(of: file) {
            #expect(try rig.run(file, range: range)?.get() == file.slice(range))
        }
    }

    @Test func `a file of one chunk lets nothing out, and then no part`() throws {
        let (rig, file) = (Self.rig(), try Self.file(1))
        let sink = CollectingSink()
        #expect(Self.code(rig.run(file, xorbs: Self.damaged(file, chunk: 0), into: sink)) == .corrupt)
        #expect(sink.contents.count == 0)
        #expect(Self.code(rig.run(file, range: FileByteRange(start: 50, end: 100))) == .corrupt)
        #expect(try rig.run(file)?.get() == file.bytes)
    }

    /// Parts that were begun before the failure was found do not reach their end either.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `parts under way are not completed`(seed: UInt64) throws {
        let (rig, file) = (Self.rig(), try Self.file())
        let gate = Watched(false)
        let held = try Self.parts(of: file).map { range in
            // Each is held before its last bytes.
            let xorbs = ScriptedXorbSource(file) { _ in
                var answer = ScriptedXorbSource.Answer()
                answer.before = { _ in try await gate.wait { $0 } }
                return answer
            }
            let sink = CollectingSink()
            let source = ScriptedReconstructionSource(file)
            return (range, sink, rig.start(file, range: range, from: source, xorbs: xorbs, into: sink))
        }
        rig.executor.runUntilIdle()
        #expect(Self.code(rig.run(file, xorbs: Self.damaged(file, chunk: 20))) == .corrupt)
        // A whole that is right afterwards does not make right what was handed out before.
        if seed % 2 == 0 { #expect(try rig.run(file)?.get() == file.bytes) }
        gate.change { $0 = true }
        rig.executor.runUntilIdle()
        for (range, sink, download) in held {
            #expect((download.error as? XetError)?.code == .corrupt)
            #expect(sink.contents.count < Int(range.count))
        }
    }

    @Test func `a rest that was found to be wrong is not handed out again`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        struct Broken: Error {}
        _ = rig.run(file, into: CollectingSink { if $0 >= 2000 { throw Broken() } })
        let rest = try #require(FileByteRange(start: 1730, end: 4000))
        #expect(Self.code(rig.run(file, range: rest, xorbs: Self.damaged(file, chunk: 39))) == .corrupt)
        #expect(Self.code(rig.run(file, range: rest)) == .corrupt)
        #expect(try rig.run(file)?.get() == file.bytes)
        #expect(try rig.run(file, range: rest)?.get() == file.slice(rest))
    }

    /// What breaks off is not wrong: nothing is refused afterwards.
    @Test func `other failures raise no doubt`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        let refusing = ScriptedXorbSource(file) { call in
            var answer = ScriptedXorbSource.Answer()
            if call.info.chunks.start >= 20 { answer.refusal = XetError(.notFound, "gone") }
            return answer
        }
        #expect(Self.code(rig.run(file, xorbs: refusing)) == .notFound)
        let rest = try #require(FileByteRange(start: 1730, end: 4000))
        #expect(try rig.run(file, range: rest)?.get() == file.slice(rest))
    }

    // MARK: The memory of it

    private static func names(_ count: Int) throws -> [FileHash] {
        try (0..<count).map { number in
            let digits = String(number, radix: 16)
            return try #require(FileHash(String(repeating: "0", count: 64 - digits.count) + digits))
        }
    }

    @Test func `a whole that began before the failure clears nothing`() throws {
        let doubts = DoubtedFiles()
        let file = try Self.names(1)[0]
        let before = doubts.now
        doubts.note(file)
        doubts.clear(file, since: before)
        #expect(doubts.contains(file))
        doubts.clear(file, since: doubts.now)
        #expect(!doubts.contains(file))
        #expect(doubts.contains(file, since: before))
        #expect(!doubts.contains(file, since: doubts.now))
        doubts.note(file)
        #expect(doubts.contains(file))
    }

    @Test func `so many are known, and those noted last stay`() throws {
        let doubts = DoubtedFiles()
        let names = try Self.names(DoubtedFiles.mostCount + 10)
        for name in names { doubts.note(name) }
        #expect(names.count(where: doubts.contains) == DoubtedFiles.mostCount)
        #expect(names.suffix(DoubtedFiles.mostCount).allSatisfy(doubts.contains))
        // One file that fails again and again takes no room of others.
        for _ in 0..<3 * DoubtedFiles.mostCount { doubts.note(names[names.count - 1]) }
        #expect(doubts.contains(names[names.count - 1]))
    }
}
