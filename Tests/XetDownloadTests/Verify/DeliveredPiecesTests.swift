import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

/// A file that is downloaded by several ranges is verified when they cover it.
@Suite struct DeliveredPiecesTests {
    /// Forty chunks of 100 bytes in windows of 500.
    private static func file() throws -> SampleFile {
        try SampleFile(ranges: [0..<40], chunkCount: 40, chunkByteCount: 100)
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

    private static func ranges(_ borders: [UInt64]) throws -> [FileByteRange] {
        try zip(borders, borders.dropFirst()).map { try #require(FileByteRange(start: $0, end: $1)) }
    }

    private static func code(_ result: Result<[UInt8], any Error>?) -> XetError.Code? {
        (result?.failure as? XetError)?.code
    }

    private static let borders: [[UInt64]] = [
        [0, 2000, 4000], [0, 1, 3999, 4000], [0, 50, 150, 250, 2222, 4000], [0, 100, 200, 1000, 1001, 4000],
    ]

    @Test(arguments: borders, 0..<6 as Range<UInt64>)
    func `the range that completes a wrong file does not end`(borders: [UInt64], seed: UInt64) throws {
        let file = try Self.file()
        var random = SplitMix64(seed: seed)
        for damagedChunk in [0, 1, 20, 39] {
            let rig = Self.rig()
            let ranges = try Self.ranges(borders).shuffled(using: &random)
            let xorbs = Self.damaged(file, chunk: damagedChunk)
            // A range has all of the chunks that it begins and ends in, so it may complete the file before the last one.
            var hasFailed = false
            var byteCount = 0
            for range in ranges {
                let sink = CollectingSink()
                let result = rig.run(file, range: range, xorbs: xorbs, into: sink)
                byteCount += sink.contents.count
                if hasFailed { #expect(sink.contents.count == 0) }
                hasFailed = hasFailed || result?.failure != nil
                #expect(Self.code(result) == (hasFailed ? .corrupt : nil))
            }
            #expect(hasFailed)
            #expect(byteCount < file.bytes.count)
            // Nor does another try go through, repaired or not, before the whole has been right.
            for range in ranges { #expect(Self.code(rig.run(file, range: range)) == .corrupt) }
            #expect(try rig.run(file)?.get() == file.bytes)
            for range in ranges { #expect(try rig.run(file, range: range)?.get() == file.slice(range)) }
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>)
    func `right ranges pass, in any order and again and again`(seed: UInt64) throws {
        let file = try SampleFile(seed: seed, shape: SampleFile.Shape.allCases[Int(seed) % 3])
        let rig = DownloadRig(seed: seed)
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let start = UInt64.random(in: 0..<file.byteCount, using: &random)
            let end = UInt64.random(in: start + 1...file.byteCount, using: &random)
            let range = try #require(FileByteRange(start: start, end: end))
            #expect(try rig.run(file, range: range)?.get() == file.slice(range))
        }
        #expect(try rig.run(file)?.get() == file.bytes)
    }

    /// As aria2 does it: it begins with the whole, takes the end by ranges, and leaves when it has enough.
    @Test func `a whole that is left when ranges have the rest is held back too`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        let xorbs = Self.damaged(file, chunk: 30)
        let end = try #require(FileByteRange(start: 2000, end: 4000))
        #expect(try rig.run(file, range: end, xorbs: xorbs)?.get().count == 2000)
        let sink = CollectingSink()
        #expect(Self.code(rig.run(file, xorbs: xorbs, into: sink)) == .corrupt)
        #expect(sink.contents.count < 2000)
        #expect(rig.doubts.contains(file.hash))
    }

    @Test func `a whole that is right is not failed for others' ranges`() throws {
        let (rig, file) = (Self.rig(), try Self.file())
        let end = try #require(FileByteRange(start: 2000, end: 4000))
        #expect(try rig.run(file, range: end, xorbs: Self.damaged(file, chunk: 30))?.get().count == 2000)
        #expect(try rig.run(file)?.get() == file.bytes)
        #expect(!rig.doubts.contains(file.hash))
        #expect(rig.pieces.byteCount == 0)
        #expect(rig.budget.reservedByteCount == 0)
    }

    @Test func `a rest that is right is not failed for others' ranges`() throws {
        struct Broken: Error {}
        let (rig, file) = (Self.rig(), try Self.file())
        _ = rig.run(file, into: CollectingSink { if $0 >= 2000 { throw Broken() } })
        let part = try #require(FileByteRange(start: 300, end: 400))
        #expect(try rig.run(file, range: part, xorbs: Self.damaged(file, chunk: 3))?.get().count == 100)
        let rest = try #require(FileByteRange(start: 1730, end: 4000))
        #expect(try rig.run(file, range: rest)?.get() == file.slice(rest))
        #expect(!rig.doubts.contains(file.hash))
    }

    // MARK: The memory of it

    private static func chunk(_ number: UInt8, _ byteCount: Int = 10) -> DeliveredPieces.Chunk {
        DeliveredPieces.Chunk(hash: ChunkHash(ofChunk: [number]), byteCount: byteCount)
    }

    @Test func `what was delivered last counts`() {
        var pieces = FilePieces()
        let chunks = (0..<10).map { Self.chunk(UInt8($0)) }
        pieces.insert(Array(chunks[5...]), at: 50)
        pieces.insert([Self.chunk(99), Self.chunk(98)], at: 60)
        #expect(!pieces.covers(100))
        pieces.insert(Array(chunks[..<5]), at: 0)
        #expect(pieces.covers(100))
        let wrong = pieces.fileHash
        pieces.insert(Array(chunks[6..<8]), at: 60)
        #expect(pieces.covers(100) && !pieces.covers(90) && !pieces.covers(101))
        var tree = MerkleTree()
        for chunk in chunks { tree.append(chunk.hash, byteCount: 10) }
        #expect(pieces.fileHash == tree.fileHash)
        #expect(wrong != tree.fileHash)
        // Chunks that lie across others replace them.
        pieces.insert([Self.chunk(1, 10)], at: 45)
        #expect(!pieces.covers(100))
    }

    @Test func `a long beginning is folded, and what lies before is passed over`() {
        var pieces = FilePieces()
        var tree = MerkleTree()
        let count = 2 * FilePieces.mostUnfoldedCount
        for number in 0..<count {
            let chunk = Self.chunk(UInt8(number % 251))
            pieces.insert([chunk], at: UInt64(10 * number))
            tree.append(chunk.hash, byteCount: 10)
        }
        #expect(pieces.memoryByteCount < 40 * count)
        pieces.insert([Self.chunk(255)], at: 100)
        #expect(pieces.covers(UInt64(10 * count)))
        #expect(pieces.fileHash == tree.fileHash)
    }

    @Test func `all files take so many bytes, and those delivered last stay`() throws {
        let pieces = DeliveredPieces()
        let run = (0..<4000).map { Self.chunk(UInt8($0 % 251)) }
        var last: FileHash?
        for number in 0..<300 {
            let digits = String(number, radix: 16)
            let name = try #require(FileHash(String(repeating: "0", count: 64 - digits.count) + digits))
            #expect(pieces.note(run, at: 10, of: name, byteCount: 40_010) == nil)
            #expect(pieces.byteCount <= DeliveredPieces.mostByteCount)
            last = name
        }
        #expect(pieces.byteCount > DeliveredPieces.mostByteCount / 2)
        #expect(pieces.note([Self.chunk(7)], at: 0, of: try #require(last), byteCount: 40_010) != nil)
        // One file alone may not take much either.
        let name = try #require(last)
        for number in 0..<200 { _ = pieces.note(run, at: UInt64(100_000 * number + 1), of: name, byteCount: .max) }
        #expect(pieces.byteCount <= DeliveredPieces.mostByteCount)
    }
}
