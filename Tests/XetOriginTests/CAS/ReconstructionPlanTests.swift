import Testing
import XetAccess
import XetCore
import XetStore
import XetStoreTestSupport
import XetTestSupport

@testable import XetOrigin

@Suite struct ReconstructionPlanTests {
    private let store = MemoryXorbStore()

    /// A xorb of chunks of these sizes.
    private func xorb(_ sizes: [Int], seed: UInt64) async throws -> XorbIndex {
        var builder = XorbBuilder()
        for (number, size) in sizes.enumerated() {
            let chunk = Inputs.splitmix(size, seed: seed + UInt64(number))
            try builder.append(chunk.rawSpan, hash: ChunkHash(ofChunk: chunk))
        }
        let xorb = try builder.finish()
        try await store.put(xorb)
        return xorb.index
    }

    private func file(_ parts: [(XorbIndex, Range<Int>)]) throws -> ShardFile {
        let terms = try parts.map { index, chunks in
            let range = try #require(ChunkRange(start: chunks.lowerBound, end: chunks.upperBound))
            let byteCount = try #require(index.unpackedByteCount(of: range))
            return try Term(xorb: index.hash, chunks: range, unpackedByteCount: byteCount)
        }
        return try ShardFile(hash: .zero, terms: terms, verification: nil, sha256: nil)
    }

    private func plan(_ bytes: Range<UInt64>, of file: ShardFile) async throws -> ReconstructionPlan {
        let range = try #require(FileByteRange(start: bytes.lowerBound, end: bytes.upperBound))
        return try await ReconstructionPlan.make(range, of: file, xorbs: store)
    }

    private func chunks(_ range: Range<Int>) throws -> ChunkRange {
        try #require(ChunkRange(start: range.lowerBound, end: range.upperBound))
    }

    @Test func `trims the first and the last term to chunks`() async throws {
        let index = try await xorb([100, 200, 300, 400], seed: 100)
        let file = try file([(index, 0..<4), (index, 1..<3)])
        // Chunks at 0, 100, 300, 600; then 1000, 1200.
        let plan = try await plan(350..<1100, of: file)
        #expect(plan.offsetIntoFirstTerm == 50)
        #expect(try plan.terms.map(\.chunks) == [chunks(2..<4), chunks(1..<2)])
        #expect(plan.terms.map(\.unpackedByteCount) == [700, 200])
        // Chunks 1 and 2..<4 touch, so they are one fetch.
        #expect(try plan.fetches[index.hash]?.map(\.chunks) == [chunks(1..<4)])
        let bytes = try #require(index.serializedRange(of: chunks(1..<4)))
        #expect(plan.fetches[index.hash]?.map(\.bytes) == [bytes])
    }

    @Test func `a range inside a chunk needs that chunk only`() async throws {
        let index = try await xorb([100, 200, 300], seed: 110)
        let plan = try await plan(150..<160, of: file([(index, 0..<3)]))
        #expect(plan.offsetIntoFirstTerm == 50)
        #expect(try plan.terms.map(\.chunks) == [chunks(1..<2)])
    }

    @Test func `fetches that do not touch stay apart, sorted by chunk`() async throws {
        let (a, b) = (try await xorb([10, 20, 30, 40, 50, 60], seed: 120), try await xorb([70], seed: 130))
        let file = try file([(a, 5..<6), (b, 0..<1), (a, 0..<2), (a, 1..<3), (b, 0..<1)])
        let plan = try await plan(0..<file.byteCount, of: file)
        #expect(plan.terms == file.terms)
        #expect(try plan.fetches[a.hash]?.map(\.chunks) == [chunks(0..<3), chunks(5..<6)])
        #expect(try plan.fetches[b.hash]?.map(\.chunks) == [chunks(0..<1)])
    }

    @Test func `nothing is needed for nothing`() async throws {
        let index = try await xorb([100], seed: 140)
        for file in [try file([]), try file([(index, 0..<1)])] {
            let plan = try await plan(0..<0, of: file)
            #expect(plan.terms.isEmpty)
            #expect(plan.fetches.isEmpty)
            #expect(plan.offsetIntoFirstTerm == 0)
        }
    }

    @Test func `every range lies in its terms, and every term in one fetch`() async throws {
        let (a, b) = (try await xorb([3, 1, 4, 1, 5], seed: 150), try await xorb([9, 2, 6], seed: 160))
        let file = try file([(a, 3..<5), (b, 0..<3), (a, 0..<4), (b, 1..<2)])
        for start in 0..<file.byteCount {
            for end in start + 1...file.byteCount {
                let plan = try await plan(start..<end, of: file)
                let termByteCount = plan.terms.reduce(0) { $0 + UInt64($1.unpackedByteCount) }
                #expect(termByteCount - plan.offsetIntoFirstTerm >= end - start)
                for term in plan.terms {
                    let holding = plan.fetches[term.xorb]?.filter { $0.chunks.contains(term.chunks) }
                    #expect(holding?.count == 1)
                }
            }
        }
    }
}
