import NIOCore
import Testing
import XetAccessTestSupport
import XetCore
import XetTestSupport

@testable import XetDownload

/// The only fetch of a file of one xorb, and what it brings.
struct SampleFetch: Sendable {
    let file: SampleFile
    let reconstruction: Reconstruction
    let plan: PlannedFetch

    /// A file of these ranges of a xorb of `chunkCount` chunks, fetched by a GET of the chunks `signed`, all if `nil`.
    ///
    /// Chunks that are used again are kept.
    init(
        _ ranges: [Range<Int>] = [0..<12],
        chunkCount: Int = 12,
        chunkByteCount: Int = 100,
        signed: Range<Int>? = nil
    ) throws {
        file = try SampleFile(ranges: ranges, chunkCount: chunkCount, chunkByteCount: chunkByteCount)
        let signed = signed ?? 0..<chunkCount
        let xorb = try #require(file.terms.first?.xorb)
        let chunks = try #require(ChunkRange(start: signed.lowerBound, end: signed.upperBound))
        let bytes = try #require(file.xorbs[xorb]?.index.serializedRange(of: chunks))
        let url = SignedURL("https://cdn.example/\(xorb)?generation=0")
        reconstruction = try Reconstruction(
            offsetIntoFirstTerm: 0,
            terms: file.terms,
            fetches: [xorb: [FetchInfo(chunks: chunks, bytes: bytes, url: url)]]
        )
        let plan = try DownloadPlan(reconstruction, window: file.whole, retainedByteLimit: .max)
        self.plan = try #require(plan.fetches.first)
        try #require(plan.fetches.count == 1)
    }

    /// The chunks in the order in which a reader uses them.
    var uses: [Int] { file.pieces.map(\.chunk) }

    func bytes(of chunk: Int) -> [UInt8] {
        file.pieces.first { $0.chunk == chunk }.map { Array(file.bytes[$0.start..<$0.end]) } ?? []
    }

    /// The used chunks of a range as a GET puts them in.
    func batch(_ chunks: Range<Int>) throws -> DecodedBatch {
        let used = chunks.filter { plan.info.chunks.start <= $0 && plan.useCount(of: $0) > 0 }
        var batch = DecodedBatch(byteCount: used.reduce(0) { $0 + bytes(of: $1).count })
        for chunk in used {
            let bytes = bytes(of: chunk)
            var work = DecodingWork()
            try batch.append(chunk, byteCount: bytes.count, isHashing: false, work: &work) { output in
                for byte in bytes { output.append(byte) }
            }
        }
        return batch
    }
}

extension DecodedChunk {
    /// The bytes.
    var bytes: [UInt8] {
        buffer.getBytes(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? []
    }
}
