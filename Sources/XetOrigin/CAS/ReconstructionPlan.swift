import XetAccess
import XetCore
import XetStore

/// How to rebuild a range of a file: terms, trimmed to the chunks that are needed, and what has to be fetched for them.
struct ReconstructionPlan: Hashable, Sendable {
    /// Chunks of a xorb and their serialized bytes.
    struct Fetch: Hashable, Sendable {
        let chunks: ChunkRange
        let bytes: HTTPByteRange
    }

    /// Bytes of the first term that come before the range.
    let offsetIntoFirstTerm: UInt64
    let terms: [Term]
    /// Per xorb, sorted by chunk; ranges that overlap or touch are one.
    let fetches: [XorbHash: [Fetch]]

    /// Plans a range that lies inside the file; of an empty range nothing is needed.
    static func make(_ range: FileByteRange, of file: ShardFile, xorbs: any XorbStore) async throws
        -> ReconstructionPlan
    {
        var offset: UInt64?
        var terms: [Term] = []
        var fetches: [XorbHash: [Fetch]] = [:]
        var termStart: UInt64 = 0
        for term in file.terms where !range.isEmpty {
            let termEnd = termStart + UInt64(term.unpackedByteCount)
            defer { termStart = termEnd }
            guard termStart < range.end else { break }
            guard termEnd > range.start else { continue }
            let start = range.start > termStart ? Int(range.start - termStart) : 0
            let end = Int(min(range.end, termEnd) - termStart)
            guard let index = try await xorbs.index(of: term.xorb) else { throw StoreError.unknownXorb(term.xorb) }
            guard let trimmed = TrimmedTerm(term, bytes: start..<end, index: index),
                let bytes = index.serializedRange(of: trimmed.chunks)
            else {
                throw StoreError.termOutOfBounds(xorb: term.xorb, end: term.chunks.end, chunkCount: index.chunkCount)
            }
            offset = offset ?? UInt64(trimmed.offset)
            terms.append(
                try Term(xorb: term.xorb, chunks: trimmed.chunks, unpackedByteCount: trimmed.unpackedByteCount)
            )
            fetches[term.xorb, default: []].append(Fetch(chunks: trimmed.chunks, bytes: bytes))
        }
        return ReconstructionPlan(
            offsetIntoFirstTerm: offset ?? 0,
            terms: terms,
            fetches: fetches.mapValues(merged)
        )
    }

    /// Unites fetches that overlap or touch.
    private static func merged(_ fetches: [Fetch]) -> [Fetch] {
        var merged: [Fetch] = []
        for fetch in fetches.sorted(by: { $0.chunks.start < $1.chunks.start }) {
            if let last = merged.last, let union = last.union(fetch) {
                merged[merged.count - 1] = union
            } else {
                merged.append(fetch)
            }
        }
        return merged
    }
}

extension ReconstructionPlan.Fetch {
    /// `nil` if chunks lie between this and `next`, which starts at or after the start of this.
    fileprivate func union(_ next: Self) -> Self? {
        guard next.chunks.start <= chunks.end,
            let chunks = ChunkRange(start: chunks.start, end: max(chunks.end, next.chunks.end)),
            let bytes = HTTPByteRange(first: bytes.first, last: max(bytes.last, next.bytes.last))
        else { return nil }
        return Self(chunks: chunks, bytes: bytes)
    }
}
