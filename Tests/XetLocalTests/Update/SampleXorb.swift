import Synchronization
import XetAccess
import XetCore
import XetTestSupport

@testable import XetLocal

/// A xorb of random chunks, and a CAS that knows files made of them.
final class SampleXorb: ReconstructionSource {
    static let hash = XorbHash(words: (1, 2, 3, 4))

    /// The bytes of all chunks, and where each ends.
    let bytes: [UInt8]
    let ends: [Int]
    /// Which chunks make up each file.
    private let files = Mutex<[FileHash: [ChunkRange]]>([:])
    private let log = Mutex<[FileByteRange?]>([])

    init(byteCount: Int = 3_000_000) {
        bytes = Inputs.splitmix(byteCount, seed: 77)
        let cuts = Chunker.cuts(of: bytes)
        ends = cuts.last == bytes.count ? cuts : cuts + [bytes.count]
    }

    var count: Int { ends.count }

    /// What was asked for.
    var questions: [FileByteRange?] { log.withLock { $0 } }

    func forgetQuestions() { log.withLock { $0 = [] } }

    func start(of chunk: Int) -> Int { chunk == 0 ? 0 : ends[chunk - 1] }

    func byteCount(of chunks: ChunkRange) -> Int { start(of: chunks.end) - start(of: chunks.start) }

    func content(of chunks: [ChunkRange]) -> [UInt8] {
        chunks.flatMap { bytes[start(of: $0.start)..<start(of: $0.end)] }
    }

    func terms(_ chunks: [ChunkRange]) throws -> [Term] {
        try chunks.map { try Term(xorb: Self.hash, chunks: $0, unpackedByteCount: byteCount(of: $0)) }
    }

    /// Makes a file known.
    func add(_ chunks: [ChunkRange]) -> FileHash {
        var hasher = FileHasher()
        hasher.update(content(of: chunks).rawSpan)
        let hash = hasher.finish()
        files.withLock { $0[hash] = chunks }
        return hash
    }

    func reconstruction(of file: FileHash, range: FileByteRange?) async throws -> Reconstruction? {
        log.withLock { $0.append(range) }
        guard let chunks = files.withLock({ $0[file] }) else { throw XetError(.notFound, "no such file") }
        var terms: [ChunkRange] = []
        var offset: UInt64 = 0
        var place = 0
        for part in chunks {
            for chunk in part.start..<part.end {
                let length = ends[chunk] - start(of: chunk)
                defer { place += length }
                if let range, place + length <= Int(range.start) || place >= Int(range.end) { continue }
                if terms.isEmpty, let range { offset = range.start - min(range.start, UInt64(place)) }
                if let last = terms.last, last.end == chunk, chunk > part.start,
                    let longer = ChunkRange(start: last.start, end: chunk + 1)
                {
                    terms[terms.count - 1] = longer
                } else if let one = ChunkRange(start: chunk, end: chunk + 1) {
                    terms.append(one)
                }
            }
        }
        let infos = try terms.compactMap { chunks in
            try HTTPByteRange(
                first: UInt64(start(of: chunks.start) + 8 * chunks.start),
                last: UInt64(start(of: chunks.end) + 8 * chunks.end - 1)
            ).map { try FetchInfo(chunks: chunks, bytes: $0, url: SignedURL("https://cdn.example/\(chunks.start)")) }
        }
        return try Reconstruction(
            offsetIntoFirstTerm: offset,
            terms: self.terms(terms),
            fetches: terms.isEmpty ? [:] : [Self.hash: infos]
        )
    }
}
