import NIOCore
import XetAccess
import XetBundle
import XetCore

/// What a bundle needs of some bytes of a file: their terms, and chunks that it does not have yet.
struct BundleWindow: Sendable {
    let part: FilePart
    let runs: [BundledRun]
}

/// Fetches windows of files for a bundle.
struct BundleWindows: Sendable {
    /// A file.
    struct File: Sendable {
        let hash: FileHash
        let byteCount: UInt64
        let source: any ReconstructionSource
        /// For messages.
        let name: String

        var windowCount: Int {
            Int(clamping: (byteCount + BundleWindows.byteCount - 1) / BundleWindows.byteCount)
        }
    }

    /// Bytes of a window: a proxy asks for the same (`Assembly.Cache.gridByteCount`).
    static let byteCount: UInt64 = 8 << 20
    /// Most serialized bytes of a run, unless a chunk has more.
    private static let runByteCount = 4 << 20
    /// Most bytes that are fetched for one range of chunks: what a window needs, and a whole xorb if that is sent.
    private static let maximumFetchByteCount: UInt64 = 80 << 20

    let xorbs: any XorbSource
    let retry: RetryPolicy
    /// What the bundle has, or who gets it; each window takes its turn to say what it brings.
    let known: Relay<ChunkSet>

    /// A window; `turn` is its number among all.
    func fetch(_ index: Int, of file: File, turn: UInt64) async throws -> BundleWindow {
        let start = UInt64(index) * Self.byteCount
        guard let range = FileByteRange(start: start, end: min(file.byteCount, start + Self.byteCount)) else {
            throw XetError(.invalidResponse, "\(file.name) has no byte \(start)")
        }
        var wanted: ChunkSet?
        return try await retry.run(clock: ContinuousClock()) {
            guard let answer = try await file.source.reconstruction(of: file.hash, range: range),
                answer.offsetIntoFirstTerm <= range.start
            else { throw XetError(.invalidResponse, "the CAS does not know byte \(start) of \(file.name)") }
            let part = FilePart(start: range.start - answer.offsetIntoFirstTerm, terms: answer.terms)
            guard part.end >= range.end else {
                throw XetError(.invalidResponse, "the CAS does not know all of \(file.name)")
            }
            let own: ChunkSet
            if let wanted {
                own = wanted
            } else {
                try await known.wait(for: turn)
                own = known.pass { known in
                    var own = ChunkSet()
                    for term in answer.terms {
                        for gap in known.insert(term.xorb, term.chunks) { own.insert(term.xorb, gap) }
                    }
                    return own
                }
                wanted = own
            }
            return BundleWindow(part: part, runs: try await runs(own, answer, file))
        }
    }

    private func runs(_ wanted: ChunkSet, _ answer: Reconstruction, _ file: File) async throws -> [BundledRun] {
        var wanted = wanted
        var runs: [BundledRun] = []
        for term in answer.terms {
            let gaps = wanted.remove(term.xorb, term.chunks)
            guard !gaps.isEmpty else { continue }
            guard let info = answer.fetchInfo(for: term), info.bytes.count <= Self.maximumFetchByteCount else {
                throw XetError(.invalidResponse, "the CAS names no address for \(file.name)")
            }
            var bytes = ByteBuffer()
            bytes.reserveCapacity(Int(info.bytes.count))
            try await xorbs.fetch(XorbFetch(xorb: term.xorb, info: info)) { piece in
                bytes.writeImmutableBuffer(piece.bytes)
            }
            do {
                runs += try SerializedChunks(bytes, of: info).runs(gaps, of: term.xorb, upTo: Self.runByteCount)
            } catch let error as XorbError {
                throw XetError(.corrupt, "chunks of \(file.name) are not as they should be", cause: error)
            } catch let error as ChunkError {
                throw XetError(.corrupt, "chunks of \(file.name) are not as they should be", cause: error)
            }
        }
        return runs
    }
}

/// Chunks of a xorb as they were fetched.
private struct SerializedChunks {
    private let bytes: ByteBuffer
    private let firstByte: UInt64
    private let first: Int
    /// Where each of them begins, and where the last ends.
    private var places: [Int] = [0]
    private var headers: [ChunkHeader] = []

    init(_ bytes: ByteBuffer, of info: FetchInfo) throws {
        self.bytes = bytes
        firstByte = info.bytes.first
        first = info.chunks.start
        let span = bytes.readableBytesSpan
        while let place = places.last, place < span.byteCount {
            let header = try ChunkHeader(parsing: span.extracting(place..<span.byteCount))
            let end = place + header.serializedByteCount
            guard end <= span.byteCount else {
                throw ChunkError.truncated(needed: header.serializedByteCount, available: span.byteCount - place)
            }
            headers.append(header)
            places.append(end)
        }
        guard headers.count == info.chunks.count else {
            throw XorbError.missingChunks(expected: info.chunks.count, found: headers.count)
        }
    }

    /// Chunks of some ranges, each of which lies in what was fetched.
    func runs(_ ranges: [ChunkRange], of xorb: XorbHash, upTo byteCount: Int) throws -> [BundledRun] {
        var runs: [BundledRun] = []
        for range in ranges {
            var start = range.start - first
            let last = range.end - first
            guard start >= 0, last <= headers.count else {
                throw XorbError.missingChunks(expected: last, found: headers.count)
            }
            while start < last {
                var end = start + 1
                while end < last, places[end + 1] - places[start] <= byteCount { end += 1 }
                runs.append(try run(start..<end, of: xorb))
                start = end
            }
        }
        return runs
    }

    private func run(_ indices: Range<Int>, of xorb: XorbHash) throws -> BundledRun {
        var unpacker = ChunkUnpacker()
        let span = bytes.readableBytesSpan
        var records: [BundledRun.Record] = []
        for index in indices {
            let header = headers[index]
            let payload = span.extracting(places[index] + ChunkHeader.byteCount..<places[index + 1])
            let unpacked = try unpacker.unpack(header, payload: payload)
            records.append(
                BundledRun.Record(
                    serializedByteCount: header.serializedByteCount,
                    unpackedByteCount: header.unpackedByteCount,
                    hash: ChunkHash(ofChunk: unpacked.rawSpan)
                )
            )
        }
        guard let chunks = ChunkRange(start: first + indices.lowerBound, end: first + indices.upperBound),
            let slice = bytes.getSlice(
                at: bytes.readerIndex + places[indices.lowerBound],
                length: places[indices.upperBound] - places[indices.lowerBound]
            )
        else { throw XorbError.missingChunks(expected: indices.count, found: 0) }
        return BundledRun(
            xorb: xorb,
            chunks: chunks,
            firstByte: firstByte + UInt64(places[indices.lowerBound]),
            records: records,
            bytes: slice
        )
    }
}
