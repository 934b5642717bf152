import NIOCore
import Testing
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetAccess
@testable import XetCache

@Suite struct FlightMemoryTests {
    private static let pieceByteCount = 50_000

    /// A cache over many xorbs whose GETs all stop after `heldOffset` bytes.
    private static func held(
        _ samples: [SampleFile],
        at heldOffset: Int,
        _ body: (StepExecutor, CachingXorbSource<ScriptedXorbSource, MemoryChunkStore>, Watched<Bool>) throws -> Void
    ) throws {
        let hold = Watched(true)
        let upstream = ScriptedXorbSource(samples) { _ in
            var answer = ScriptedXorbSource.Answer()
            answer.pieceByteCount = pieceByteCount
            answer.before = { at in if at > heldOffset { try await hold.wait { !$0 } } }
            return answer
        }
        let executor = StepExecutor()
        let source = CachingXorbSource(upstream, store: MemoryChunkStore(byteLimit: 1 << 30))
        let running = executor.start { await source.run() }
        executor.runUntilIdle()
        try body(executor, source, hold)
        running.cancel()
        executor.runUntilIdle()
        #expect(running.result != nil)
    }

    private static func fetch(_ file: SampleFile) throws -> XorbFetch {
        let xorb = try #require(file.xorbs.values.first)
        let chunks = try #require(ChunkRange(start: 0, end: xorb.index.chunkCount))
        let bytes = try #require(xorb.index.serializedRange(of: chunks))
        let url = SignedURL("https://cdn.example/\(xorb.index.hash)?generation=0")
        return XorbFetch(xorb: xorb.index.hash, info: try FetchInfo(chunks: chunks, bytes: bytes, url: url))
    }

    @Test func `few flights keep a tail, many keep nothing, and none is left when all have ended`() throws {
        let files = try (0..<100).map { number in
            try SampleFile(ranges: [0..<30], chunkCount: 30, chunkByteCount: 100 << 10, seed: UInt64(number))
        }
        try Self.held(files, at: 1_500_000) { executor, source, hold in
            var readers: [Started<Int>] = []
            var most = 0
            for file in files {
                let fetch = try Self.fetch(file)
                readers.append(
                    executor.start {
                        var byteCount = 0
                        try await source.fetch(fetch) { byteCount += $0.bytes.readableBytes }
                        return byteCount
                    }
                )
                executor.runUntilIdle()
                most = max(most, source.heldByteCount)
                if readers.count == 4 { #expect(source.heldByteCount > 4 * 400_000) }
            }
            // The last piece of each, once it is too much; one of them may have been on its way to being too much.
            #expect(most <= FlightMemory.byteCount + 100 * Self.pieceByteCount + (2 << 20))
            hold.change { $0 = false }
            executor.runUntilIdle()
            #expect(try zip(readers, files).allSatisfy { try $0.value == Int(Self.fetch($1).info.bytes.count) })
            #expect(source.heldByteCount == 0)
        }
    }
}
