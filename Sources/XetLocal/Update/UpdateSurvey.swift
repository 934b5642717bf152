import XetAccess
import XetCore

/// Finds the pieces of the terms of a file.
struct UpdateSurvey: Sendable {
    /// Most requests that tell how long what is missing is: one after the other, before the download begins.
    private static let mostQuestionCount = 256
    private static let mostQuestionCountOfGap = 6

    let file: FileHash
    let chunks: LocalChunks
    let runs: LocalRuns
    let source: any ReconstructionSource

    /// The pieces of the file with these terms.
    ///
    /// Throws ``XetError``.
    func pieces(of terms: [Term]) async throws -> UpdatePieces {
        var questionCount = 0
        var pieces: [UpdatePieces.Piece] = []
        var start: UInt64 = 0
        for term in terms {
            pieces += try await self.pieces(of: term, at: start, &questionCount)
            start += UInt64(term.unpackedByteCount)
        }
        return UpdatePieces(pieces)
    }

    /// The pieces of one term.
    ///
    /// Where its chunks are follows from the lengths of those before or behind them. Between two gaps the CAS is asked how long the
    /// first one is.
    private func pieces(
        of term: Term,
        at start: UInt64,
        _ questionCount: inout Int
    ) async throws -> [UpdatePieces.Piece] {
        let end = start + UInt64(term.unpackedByteCount)
        var pieces: [UpdatePieces.Piece] = []
        var chunk = term.chunks.start
        var place = start
        var rest = runs.runs(of: term.xorb, in: term.chunks)[...]
        while let run = rest.first {
            if let gap = ChunkRange(start: chunk, end: run.chunks.start) {
                let suffix = Self.suffix(of: rest, upTo: term.chunks.end)
                var length: UInt64?
                if suffix.count < rest.count {
                    length = try await self.length(of: gap, of: term, at: place, before: run, end, &questionCount)
                }
                if length == nil {
                    rest = suffix
                    let behind = suffix.reduce(0) { $0 + chunks.byteCount(of: $1.local) }
                    guard place + behind <= end else { throw Self.otherLengths }
                    length = end - place - behind
                }
                guard let length, length > 0, place + length <= end else { throw Self.otherLengths }
                pieces.append(UpdatePieces.Piece(start: place, byteCount: length, source: nil))
                place += length
                guard let next = rest.first else { return pieces }
                chunk = next.chunks.start
                continue
            }
            let byteCount = chunks.byteCount(of: run.local)
            let source = UpdatePieces.Source(xorb: term.xorb, run: run)
            pieces.append(UpdatePieces.Piece(start: place, byteCount: byteCount, source: source))
            (chunk, place) = (run.chunks.end, place + byteCount)
            rest = rest.dropFirst()
        }
        guard place <= end, (place == end) == (chunk == term.chunks.end) else { throw Self.otherLengths }
        if place < end { pieces.append(UpdatePieces.Piece(start: place, byteCount: end - place, source: nil)) }
        return pieces
    }

    /// The last of some runs, as far as each ends where the next begins and the last with the term.
    private static func suffix(of runs: ArraySlice<LocalRuns.Run>, upTo end: Int) -> ArraySlice<LocalRuns.Run> {
        var (start, end) = (runs.endIndex, end)
        while start > runs.startIndex, runs[start - 1].chunks.end == end {
            start -= 1
            end = runs[start].chunks.start
        }
        return runs[start...]
    }

    /// The length of chunks that are missing, from what the CAS says of as many bytes as they may have; `nil` if that does
    /// not tell.
    private func length(
        of gap: ChunkRange,
        of term: Term,
        at place: UInt64,
        before run: LocalRuns.Run,
        _ end: UInt64,
        _ questionCount: inout Int
    ) async throws -> UInt64? {
        var (low, high) = (UInt64(0), UInt64(gap.count * ChunkHeader.maximumUnpackedByteCount))
        var guess = high
        for _ in 0..<Self.mostQuestionCountOfGap {
            questionCount += 1
            guard questionCount <= Self.mostQuestionCount, guess > 0,
                let range = FileByteRange(start: place, end: min(end, place + guess)),
                let answer = try await source.reconstruction(of: file, range: range),
                answer.offsetIntoFirstTerm == 0, answer.terms.count == 1, let found = answer.terms.first,
                found.xorb == term.xorb, found.chunks.start == gap.start
            else { return nil }
            if found.chunks.end > run.chunks.end {
                high = guess
            } else if let known = ChunkRange(start: gap.end, end: found.chunks.end) {
                let byteCount = run.clipped(to: known).map { chunks.byteCount(of: $0.local) } ?? 0
                let length = UInt64(found.unpackedByteCount)
                return byteCount <= length ? length - byteCount : nil
            } else if found.chunks.end == gap.end {
                return UInt64(found.unpackedByteCount)
            } else {
                low = guess
            }
            guess = (low + high) / 2
        }
        return nil
    }

    private static let otherLengths = XetError(
        .invalidResponse,
        "the terms of two versions of a file do not have the same chunks"
    )
}
