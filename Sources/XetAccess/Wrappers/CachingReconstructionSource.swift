public import XetCore

/// Answers from what is known of a file as long as all its chunks are kept, and asks upstream otherwise.
///
/// It asks nobody for permission: whoever makes one has made sure that the caller may have the file.
public struct CachingReconstructionSource: ReconstructionSource {
    private let upstream: any ReconstructionSource
    private let terms: any TermStore
    private let chunks: any ChunkStore

    /// A cache in front of `upstream`.
    public init(_ upstream: any ReconstructionSource, terms: any TermStore, chunks: any ChunkStore) {
        self.upstream = upstream
        self.terms = terms
        self.chunks = chunks
    }

    public var unrepeated: any ReconstructionSource {
        CachingReconstructionSource(upstream.unrepeated, terms: terms, chunks: chunks)
    }

    public func reconstruction(of file: FileHash, range: FileByteRange?) async throws -> Reconstruction? {
        guard let range, !range.isEmpty else { return try await upstream.reconstruction(of: file, range: range) }
        let known = try await part(of: file, range)
        if let known, let kept = try await kept(known, range) { return kept }
        let answer = try await upstream.reconstruction(of: file, range: range)
        if known == nil, let answer, answer.offsetIntoFirstTerm <= range.start {
            let part = FilePart(start: range.start - answer.offsetIntoFirstTerm, terms: answer.terms)
            // What cannot be remembered is asked for again.
            try? await terms.keep(part, of: file)
        }
        return answer
    }

    /// The terms of a range, if they are known.
    private func part(of file: FileHash, _ range: FileByteRange) async throws -> FilePart? {
        do {
            return try await terms.part(of: file, holding: range)
        } catch let error where !(error is CancellationError) {
            return nil
        }
    }

    /// The reconstruction of a range of which everything is kept.
    private func kept(_ part: FilePart, _ range: FileByteRange) async throws -> Reconstruction? {
        do {
            return try await KeptReconstruction(part, range, chunks).reconstruction
        } catch let error where !(error is CancellationError) {
            // A store that fails is no reason not to download.
            return nil
        }
    }
}

/// Says what can be rebuilt from what is kept, without asking anybody.
struct KeptReconstructionSource: Sendable {
    let terms: any TermStore
    let chunks: any ChunkStore

    /// The first byte of a range that is not kept; `nil` if all of it is.
    func missing(_ range: FileByteRange, of file: FileHash) async -> UInt64? {
        var place = range.start
        while place < range.end {
            guard !Task.isCancelled, let next = FileByteRange(start: place, end: place + 1),
                let part = try? await terms.part(of: file, holding: next), part.end > place,
                let piece = FileByteRange(start: place, end: min(part.end, range.end)),
                (try? await KeptReconstruction(part, piece, chunks).reconstruction) ?? nil != nil
            else { return place }
            place = piece.end
        }
        return nil
    }
}

/// The reconstruction of a range from chunks that are kept: the terms that the CAS would name, and fetch infos without URLs.
private struct KeptReconstruction {
    private(set) var reconstruction: Reconstruction?

    /// None if a chunk is missing.
    init(_ part: FilePart, _ range: FileByteRange, _ store: any ChunkStore) async throws {
        var kept: [Term] = []
        var fetches: [XorbHash: [FetchInfo]] = [:]
        var start = part.start
        var offset: UInt64?
        for term in part.terms {
            let end = start + UInt64(term.unpackedByteCount)
            defer { start = end }
            guard end > range.start, start < range.end else { continue }
            guard let piece = try await KeptTerm(term, at: start, range, store) else { return }
            if offset == nil { offset = range.start - piece.start }
            kept.append(piece.term)
            if fetches[term.xorb]?.contains(piece.info) != true { fetches[term.xorb, default: []].append(piece.info) }
        }
        guard let offset else { return }
        reconstruction = try Reconstruction(offsetIntoFirstTerm: offset, terms: kept, fetches: fetches)
    }
}

/// The part of a term that a range needs, all of it kept.
private struct KeptTerm {
    let term: Term
    /// Where in the file it begins.
    let start: UInt64
    let info: FetchInfo

    /// `nil` if a chunk is missing, or the chunks that are kept do not make up the term.
    init?(_ whole: Term, at termStart: UInt64, _ range: FileByteRange, _ store: any ChunkStore) async throws {
        let runs = try await store.runs(of: whole.xorb, in: whole.chunks)
        var chunk = whole.chunks.start
        var place = termStart
        var first: (chunk: Int, start: UInt64, byte: UInt64)?
        var last = (chunk: chunk, end: place, byte: UInt64(0))
        var reached: UInt64 = 0
        while chunk < whole.chunks.end {
            guard let run = runs.last(where: { $0.chunks.start <= chunk && chunk < $0.chunks.end }),
                let rest = ChunkRange(start: chunk, end: min(run.chunks.end, whole.chunks.end))
            else { return nil }
            var byte = run.contents.firstByte + UInt64(run.contents.bytes(of: rest).lowerBound)
            // What a data host sent wrong may stand at a wrong place.
            if chunk > whole.chunks.start, byte != reached { return nil }
            for record in run.contents.records(in: rest) {
                let end = place + UInt64(record.unpackedByteCount)
                let byteEnd = byte + UInt64(record.serializedByteCount)
                if end > range.start, place < range.end {
                    if first == nil { first = (chunk, place, byte) }
                    last = (chunk + 1, end, byteEnd)
                }
                (chunk, place, byte) = (chunk + 1, end, byteEnd)
            }
            reached = byte
        }
        guard place == termStart + UInt64(whole.unpackedByteCount), let first, last.byte > first.byte,
            let chunks = ChunkRange(start: first.chunk, end: last.chunk),
            let bytes = HTTPByteRange(first: first.byte, last: last.byte - 1)
        else { return nil }
        term = try Term(xorb: whole.xorb, chunks: chunks, unpackedByteCount: Int(last.end - first.start))
        start = first.start
        info = try FetchInfo(chunks: chunks, bytes: bytes, url: .kept)
    }
}
