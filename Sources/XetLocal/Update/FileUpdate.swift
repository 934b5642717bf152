import Synchronization
package import XetAccess
package import XetCore

/// A file that is to be downloaded, and the chunks of it that an earlier version has, which is here.
///
/// The CAS says how to rebuild both: chunks that both take from the same place of a xorb are the same.
package final class FileUpdate: Sendable {
    let file: FileHash
    let chunks: LocalChunks
    private let runs: LocalRuns
    private let pieces: UpdatePieces
    private let isTrustedState = Mutex(true)

    private init(_ file: FileHash, _ chunks: LocalChunks, _ runs: LocalRuns, _ pieces: UpdatePieces) {
        self.file = file
        self.chunks = chunks
        self.runs = runs
        self.pieces = pieces
    }

    /// Looks for chunks of a file of `byteCount` bytes in an earlier one; `nil` if the CAS does not know that, or there are none.
    ///
    /// Throws ``XetError``, errors about the earlier file, and `CancellationError`.
    package static func find(
        _ file: FileHash,
        byteCount: UInt64,
        in earlier: EarlierFile,
        from source: any ReconstructionSource
    ) async throws -> FileUpdate? {
        // What has nothing in common, as far as records tell, need not be read.
        let told = earlier.chunks?.hash ?? earlier.hash
        var old = try await known(told, to: source)
        if told != nil, old == nil { return nil }
        guard let new = try await source.reconstruction(of: file, range: nil), new.byteCount == byteCount,
            new.offsetIntoFirstTerm == 0
        else { return nil }
        let xorbs = Set(new.terms.map(\.xorb))
        if let old, !old.terms.contains(where: { xorbs.contains($0.xorb) }) { return nil }
        guard let chunks = try await earlier.read(), chunks.hash != file else { return nil }
        if chunks.hash != told { old = try await known(chunks.hash, to: source) }
        guard let old else { return nil }
        let runs = LocalRuns(old.terms, of: chunks)
        guard runs.holdsAny(of: new.terms) else { return nil }
        let survey = UpdateSurvey(file: file, chunks: chunks, runs: runs, source: source)
        let pieces = try await survey.pieces(of: new.terms)
        return pieces.localByteCount > 0 ? FileUpdate(file, chunks, runs, pieces) : nil
    }

    /// How a file is rebuilt that may have been changed by hand; `nil` if the CAS does not know it.
    private static func known(
        _ file: FileHash?,
        to source: any ReconstructionSource
    ) async throws -> Reconstruction? {
        guard let file else { return nil }
        do {
            let found = try await source.reconstruction(of: file, range: nil)
            return found?.offsetIntoFirstTerm == 0 ? found : nil
        } catch let error as XetError where error.code == .notFound {
            return nil
        }
    }

    /// Bytes of the file that are here.
    package var localByteCount: UInt64 { pieces.localByteCount }

    /// Bytes of a range that are here.
    package func localByteCount(in range: FileByteRange) -> UInt64 {
        guard isTrusted else { return 0 }
        return pieces.overlapping(range).reduce(0) { sum, piece in
            sum + (piece.source == nil ? 0 : min(piece.end, range.end) - max(piece.start, range.start))
        }
    }

    /// Whether the earlier file is still what it was.
    var isTrusted: Bool { isTrustedState.withLock { $0 } }

    /// Its chunks are not what they were.
    func distrust() { isTrustedState.withLock { $0 = false } }

    /// The parts of a range, in order.
    func parts(of range: FileByteRange) -> [UpdatePart] {
        pieces.overlapping(range).compactMap { piece in
            let start = max(piece.start, range.start)
            let end = min(piece.end, range.end)
            guard let source = piece.source else { return UpdatePart(start: start, end: end, local: nil) }
            // Whole chunks, as the CAS would name them.
            let base = chunks.start(of: source.run.first)
            let first = chunks.chunk(at: base + start - piece.start)
            let last = chunks.chunk(at: base + end - 1 - piece.start)
            let offset = source.run.chunks.start - source.run.first
            guard let range = ChunkRange(start: first + offset, end: last + 1 + offset),
                let run = source.run.clipped(to: range)
            else { return nil }
            return UpdatePart(
                start: piece.start + chunks.start(of: first) - base,
                end: piece.start + chunks.start(of: last + 1) - base,
                local: UpdatePieces.Source(xorb: source.xorb, run: run)
            )
        }
    }

    /// Which chunks of the earlier file are chunks of a xorb; `nil` if they do not stand together there.
    func local(_ chunks: ChunkRange, of xorb: XorbHash) -> Range<Int>? {
        runs.runs(of: xorb, in: chunks).first { $0.chunks == chunks }?.local
    }
}

/// Bytes of a file: whole chunks of one term that are here, or any that are missing.
struct UpdatePart {
    let start: UInt64
    let end: UInt64
    let local: UpdatePieces.Source?
}
