import NIOCore
import Testing
import XetAccess
import XetBundleTestSupport
import XetCore
import XetTestSupport

@testable import XetBundle

@Suite struct BundleInspectionTests {
    @Test func `a whole bundle is right`() async throws {
        let sample = try SampleBundle()
        let found = try await SampleBundle.inspect(try sample.bytes())
        #expect(found.openFiles.isEmpty)
        #expect(found.contents == SampleBundle.contents)
        #expect(found.outcome?.counts.runCount == 2)
    }

    @Test func `a chunk that is not its hash is refused`() async throws {
        let sample = try SampleBundle()
        let run = sample.runs[1]
        let other = BundledRun.Record(
            serializedByteCount: run.records[0].serializedByteCount,
            unpackedByteCount: run.records[0].unpackedByteCount,
            hash: .zero
        )
        let wrong = BundledRun(
            xorb: run.xorb,
            chunks: run.chunks,
            firstByte: run.firstByte,
            records: [other],
            bytes: run.bytes
        )
        let bytes = try sample.bytes(records: [.chunks(sample.runs[0]), .chunks(wrong)])
        await #expect(throws: BundleError.wrongChunk(xorb: run.xorb, chunk: 2)) {
            try await SampleBundle.inspect(bytes)
        }
    }

    @Test func `a file that is not its hash is refused`() async throws {
        let sample = try SampleBundle()
        let wrong = BundledFile(hash: .zero, byteCount: sample.file.byteCount, part: sample.file.part)
        let bytes = try sample.bytes(records: sample.runs.map { .chunks($0) } + [.file(wrong)])
        await #expect(throws: BundleError.wrongFile(.zero)) { try await SampleBundle.inspect(bytes) }
    }

    @Test func `a bundle builds on another`() async throws {
        let sample = try SampleBundle()
        let base = try await SampleBundle.inspect(try sample.bytes(records: [.chunks(sample.runs[0])]))
        let next = try sample.bytes(records: [.chunks(sample.runs[1]), .file(sample.file)])
        let alone = try await SampleBundle.inspect(next)
        #expect(alone.openFiles == [sample.file.hash])
        let both = try await SampleBundle.inspect(next, base: base.ledger)
        #expect(both.openFiles.isEmpty)
        #expect(both.chunks.missing(sample.runs[0].xorb, sample.runs[0].chunks) == [sample.runs[0].chunks])
    }
}
