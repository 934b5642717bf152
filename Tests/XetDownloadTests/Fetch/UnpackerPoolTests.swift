import NIOCore
import Testing
import XetAccess
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

@Suite struct UnpackerPoolTests {
    /// Chunks that are packed, so that it takes an unpacker to read them.
    private static func file() throws -> SampleFile {
        try SampleFile(chunks: (0..<8).map { number in [UInt8](repeating: UInt8(number), count: 5000) })
    }

    private static func decoder(_ file: SampleFile, _ pool: UnpackerPool) throws -> RangeDecoder {
        let reconstruction = try #require(try file.reconstruction(file.whole) { "https://cdn.example/\($0)" })
        let plan = try DownloadPlan(reconstruction, window: file.whole, retainedByteLimit: 0)
        let fetch = try #require(plan.fetches.first)
        return RangeDecoder(fetch, in: fetch.info.chunks, isHashing: true, unpackers: pool)
    }

    private static func serialized(_ file: SampleFile) throws -> [UInt8] {
        try #require(file.xorbs.values.first).chunks
    }

    /// Decodes a piece; the bytes that came out.
    private static func decode(_ piece: some Sequence<UInt8>, _ decoder: inout RangeDecoder) throws -> [UInt8] {
        let piece = XorbPiece(ByteBuffer(bytes: piece))
        var offset = 0
        var bytes: [UInt8] = []
        while let batch = try decoder.next(in: piece, from: &offset, skippingBefore: 0) {
            bytes += batch.bytes.readableBytesView
        }
        return bytes
    }

    @Test func `what is given back is lent again, and only then another is made`() {
        let pool = UnpackerPool()
        let (one, two) = (pool.take(), pool.take())
        #expect(one !== two)
        pool.giveBack(one)
        #expect(pool.take() === one)
        pool.giveBack(two)
        pool.giveBack(one)
        let again = [pool.take(), pool.take()]
        #expect(again.contains { $0 === one } && again.contains { $0 === two })
        #expect(pool.take() !== one)
    }

    /// A GET that waits for its next piece has no unpacker: any number of them need one on one core.
    @Test func `decoders that take turns need one unpacker`() throws {
        let file = try Self.file()
        let serialized = try Self.serialized(file)
        let pool = UnpackerPool()
        let only = pool.take()
        pool.giveBack(only)
        var one = try Self.decoder(file, pool)
        var two = try Self.decoder(file, pool)
        var three = try Self.decoder(file, pool)
        var bytes: [[UInt8]] = [[], [], []]
        // Pieces end within chunks, at other places for each.
        for start in stride(from: 0, to: serialized.count, by: 7) {
            let piece = serialized[start..<min(start + 7, serialized.count)]
            bytes[0] += try Self.decode(piece, &one)
            bytes[1] += try Self.decode(piece.prefix(3), &two)
            bytes[2] += try Self.decode(piece, &three)
            bytes[1] += try Self.decode(piece.dropFirst(3), &two)
        }
        try one.finish()
        try two.finish()
        try three.finish()
        #expect(bytes == [file.bytes, file.bytes, file.bytes])
        #expect(pool.take() === only)
    }

    @Test func `bytes that cannot be unpacked cost no unpacker, and leave no trace in it`() throws {
        let file = try Self.file()
        let serialized = try Self.serialized(file)
        let pool = UnpackerPool()
        let only = pool.take()
        pool.giveBack(only)
        var random = SplitMix64(seed: 3)
        var failureCount = 0
        for _ in 0..<200 {
            var damaged = serialized
            let place = Int.random(in: 0..<damaged.count, using: &random)
            damaged[place] ^= UInt8.random(in: 1...255, using: &random)
            var broken = try Self.decoder(file, pool)
            do {
                _ = try Self.decode(damaged, &broken)
            } catch {
                #expect(error is XorbError)
                failureCount += 1
            }
            var whole = try Self.decoder(file, pool)
            let bytes = try Self.decode(serialized, &whole)
            #expect(bytes == file.bytes)
        }
        #expect(failureCount > 0)
        #expect(pool.take() === only)
    }
}
