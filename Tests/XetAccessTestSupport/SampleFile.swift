package import XetCore
import XetTestSupport

/// A file made of chunks of a few xorbs, in any order, with repetitions.
package struct SampleFile: Sendable {
    /// One chunk of the file.
    package struct Piece: Sendable {
        package let term: Int
        package let xorb: XorbHash
        /// Index of the chunk in its xorb.
        package let chunk: Int
        /// Where it lies in the file.
        package let start: Int
        package let end: Int
    }

    /// What terms a file has.
    package enum Shape: CaseIterable {
        /// Each xorb from its start to its end.
        case plain
        /// Parts of xorbs, forward, backward and again.
        case mixed
        /// Every term is one chunk.
        case scattered
    }

    package let xorbs: [XorbHash: SerializedXorb]
    package let terms: [Term]
    package let pieces: [Piece]
    package let bytes: [UInt8]
    package let hash: FileHash

    /// A file that follows from a seed.
    package init(seed: UInt64, shape: Shape, xorbCount: Int = 3, chunkCount: Int = 24, chunkByteCount: Int = 700) throws
    {
        var random = SplitMix64(seed: seed)
        var xorbs: [(xorb: SerializedXorb, chunks: [[UInt8]])] = []
        for _ in 0..<xorbCount {
            var builder = XorbBuilder()
            var chunks: [[UInt8]] = []
            for _ in 0..<Int.random(in: 1...chunkCount, using: &random) {
                let count = Int.random(in: 1...chunkByteCount, using: &random)
                // Some chunks shrink when they are packed, some do not.
                let chunk = Bool.random(using: &random) ? random.bytes(count) : [UInt8](repeating: 7, count: count)
                chunks.append(chunk)
                try builder.append(chunk.rawSpan, hash: ChunkHash(ofChunk: chunk))
            }
            xorbs.append((try builder.finish(), chunks))
        }
        let ranges = Self.ranges(shape, xorbs.map(\.chunks.count), &random)
        try self.init(xorbs, ranges)
    }

    /// A file of one xorb, in one term, with these chunks.
    package init(chunks: [[UInt8]]) throws {
        var builder = XorbBuilder()
        for chunk in chunks {
            try builder.append(chunk.rawSpan, hash: ChunkHash(ofChunk: chunk))
        }
        try self.init([(try builder.finish(), chunks)], [(0, 0..<chunks.count)])
    }

    /// A file of ranges of chunks of the same xorb, each chunk of `chunkByteCount` random bytes.
    package init(ranges: [Range<Int>], chunkCount: Int, chunkByteCount: Int, seed: UInt64 = 1) throws {
        var random = SplitMix64(seed: seed)
        let chunks = (0..<chunkCount).map { _ in random.bytes(chunkByteCount) }
        var builder = XorbBuilder()
        for chunk in chunks {
            try builder.append(chunk.rawSpan, hash: ChunkHash(ofChunk: chunk))
        }
        try self.init([(try builder.finish(), chunks)], ranges.map { (0, $0) })
    }

    /// A file of the chunks of others, one behind the other.
    package init(joining files: [SampleFile]) throws {
        var xorbs: [(xorb: SerializedXorb, chunks: [[UInt8]])] = []
        var ranges: [(xorb: Int, chunks: Range<Int>)] = []
        for file in files {
            for term in file.terms {
                guard let xorb = file.xorbs[term.xorb] else { throw Impossible() }
                let number = xorbs.firstIndex { $0.xorb.index.hash == term.xorb } ?? xorbs.count
                if number == xorbs.count {
                    xorbs.append((xorb, [[UInt8]](repeating: [], count: xorb.index.chunkCount)))
                }
                for piece in file.pieces where piece.xorb == term.xorb {
                    xorbs[number].chunks[piece.chunk] = Array(file.bytes[piece.start..<piece.end])
                }
                ranges.append((number, term.chunks.start..<term.chunks.end))
            }
        }
        try self.init(xorbs, ranges)
    }

    /// A chunk as it stands in a xorb.
    package static func serialized(_ chunk: [UInt8]) throws -> [UInt8] {
        var builder = XorbBuilder()
        try builder.append(chunk.rawSpan, hash: ChunkHash(ofChunk: chunk))
        return try builder.finish().chunks
    }

    /// Bytes of the first of serialized chunks.
    package static func firstChunkByteCount(_ bytes: [UInt8]) -> Int {
        (try? ChunkHeader(parsing: bytes.rawSpan))?.serializedByteCount ?? 0
    }

    private init(
        _ xorbs: [(xorb: SerializedXorb, chunks: [[UInt8]])],
        _ ranges: [(xorb: Int, chunks: Range<Int>)]
    ) throws {
        var terms: [Term] = []
        var pieces: [Piece] = []
        var bytes: [UInt8] = []
        var tree = MerkleTree()
        for (xorb, chunks) in ranges {
            let index = xorbs[xorb].xorb.index
            guard let range = ChunkRange(start: chunks.lowerBound, end: chunks.upperBound),
                let byteCount = index.unpackedByteCount(of: range)
            else { throw Impossible() }
            for chunk in chunks {
                let content = xorbs[xorb].chunks[chunk]
                pieces.append(
                    Piece(
                        term: terms.count,
                        xorb: index.hash,
                        chunk: chunk,
                        start: bytes.count,
                        end: bytes.count + content.count
                    )
                )
                bytes += content
                tree.append(ChunkHash(ofChunk: content), byteCount: content.count)
            }
            terms.append(try Term(xorb: index.hash, chunks: range, unpackedByteCount: byteCount))
        }
        self.xorbs = Dictionary(xorbs.map { ($0.xorb.index.hash, $0.xorb) }) { first, _ in first }
        self.terms = terms
        self.pieces = pieces
        self.bytes = bytes
        hash = tree.fileHash
    }

    /// The test asks for what cannot be.
    package struct Impossible: Error {
        package init() {}
    }

    private static func ranges(
        _ shape: Shape,
        _ counts: [Int],
        _ random: inout SplitMix64
    ) -> [(xorb: Int, chunks: Range<Int>)] {
        switch shape {
        case .plain:
            counts.indices.map { ($0, 0..<counts[$0]) }
        case .mixed:
            (0..<Int.random(in: 1...10, using: &random)).map { _ in
                let xorb = Int.random(in: 0..<counts.count, using: &random)
                let start = Int.random(in: 0..<counts[xorb], using: &random)
                return (xorb, start..<Int.random(in: start + 1...counts[xorb], using: &random))
            }
        case .scattered:
            (0..<Int.random(in: 1...30, using: &random)).map { _ in
                let xorb = Int.random(in: 0..<counts.count, using: &random)
                let start = Int.random(in: 0..<counts[xorb], using: &random)
                return (xorb, start..<start + 1)
            }
        }
    }

    package var byteCount: UInt64 { UInt64(bytes.count) }

    /// The whole file.
    package var whole: FileByteRange { FileByteRange(count: byteCount) }

    package func slice(_ range: FileByteRange) -> [UInt8] { Array(bytes[Int(range.start)..<Int(range.end)]) }
}

extension SampleFile {
    /// How an answer is cut.
    package enum Cut: CaseIterable {
        /// Terms are trimmed to the chunks that the range needs, as CAS servers do.
        case chunks
        /// Trimmed at the end only: the offset may span chunks.
        case endOnly
        /// Whole terms.
        case terms
    }

    /// The answer for a range; `nil` if it begins at or after the end.
    ///
    /// `address` gives the URL of a xorb. Fetch ranges that overlap or touch are merged, as CAS servers do, and signed together,
    /// unless `isMerged` is false: then every term has its own.
    package func reconstruction(
        _ range: FileByteRange,
        cut: Cut = .chunks,
        isMerged: Bool = true,
        address: (XorbHash) -> String
    ) throws -> Reconstruction? {
        guard range.start < byteCount else { return nil }
        var needed: [[Piece]] = []
        for (number, _) in terms.enumerated() {
            let all = pieces.filter { $0.term == number }
            let used = all.filter { $0.end > range.start && $0.start < range.end }
            guard let first = used.first, let last = used.last else { continue }
            switch cut {
            case .chunks: needed.append(used)
            case .endOnly: needed.append(all.filter { $0.chunk <= last.chunk })
            case .terms: needed.append(all)
            }
            _ = first
        }
        guard let start = needed.first?.first?.start else { throw Impossible() }
        var terms: [Term] = []
        var ranges: [XorbHash: [ChunkRange]] = [:]
        for pieces in needed {
            guard let first = pieces.first, let last = pieces.last,
                let chunks = ChunkRange(start: first.chunk, end: last.chunk + 1)
            else { throw Impossible() }
            terms.append(try Term(xorb: first.xorb, chunks: chunks, unpackedByteCount: last.end - first.start))
            ranges[first.xorb, default: []].append(chunks)
        }
        var fetches: [XorbHash: [FetchInfo]] = [:]
        for (xorb, ranges) in ranges {
            let signed = isMerged ? try Self.merged(ranges) : ranges
            fetches[xorb] = try signed.enumerated().map { index, chunks in
                guard let bytes = xorbs[xorb]?.index.serializedRange(of: chunks) else { throw Impossible() }
                let place = isMerged ? SignedPlace(index: index, count: signed.count) : .only
                return try FetchInfo(chunks: chunks, bytes: bytes, url: SignedURL(address(xorb)), place: place)
            }
        }
        return try Reconstruction(
            offsetIntoFirstTerm: range.start - UInt64(start),
            terms: terms,
            fetches: fetches
        )
    }

    private static func merged(_ ranges: [ChunkRange]) throws -> [ChunkRange] {
        var merged: [ChunkRange] = []
        for range in ranges.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            guard let last = merged.last, range.start <= last.end else {
                merged.append(range)
                continue
            }
            guard let union = ChunkRange(start: last.start, end: max(last.end, range.end)) else { throw Impossible() }
            merged[merged.count - 1] = union
        }
        return merged
    }
}
