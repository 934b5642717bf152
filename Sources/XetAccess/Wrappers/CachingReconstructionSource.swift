public import XetCore

/// Answers from what is known of a file as long as all its chunks are kept, and asks upstream otherwise.
///
/// It asks nobody for permission: whoever makes one has made sure that the caller may have the file.
public struct CachingReconstructionSource: ReconstructionSource {
    private let upstream: any ReconstructionSource
    private let terms: any TermStore
    private let places: ChunkPlaces

    /// A cache in front of `upstream`; beside it files that were imported, where those are to be used.
    public init(
        _ upstream: any ReconstructionSource,
        terms: any TermStore,
        chunks: any ChunkStore,
        imported: (any ImportedFiles)? = nil
    ) {
        self.init(upstream, terms, ChunkPlaces(store: chunks, imported: imported))
    }

    private init(_ upstream: any ReconstructionSource, _ terms: any TermStore, _ places: ChunkPlaces) {
        self.upstream = upstream
        self.terms = terms
        self.places = places
    }

    public var unrepeated: any ReconstructionSource {
        CachingReconstructionSource(upstream.unrepeated, terms, places)
    }

    public func reconstruction(of file: FileHash, range: FileByteRange?) async throws -> Reconstruction? {
        guard let range, !range.isEmpty else { return try await upstream.reconstruction(of: file, range: range) }
        let known = try await part(of: file, range)
        if let known, let kept = try await kept(known, range, places.kept) { return kept }
        if let imported = places.imported {
            let part = if let known { known } else { try await imported.part(of: file, holding: range) }
            if let part, let found = try await kept(part, range, places) {
                // What is right about them shows when the file is read.
                if known == nil { try? await terms.keep(part, of: file) }
                return found
            }
        }
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
    private func kept(
        _ part: FilePart,
        _ range: FileByteRange,
        _ places: ChunkPlaces
    ) async throws -> Reconstruction? {
        do {
            return try await KeptReconstruction(part, range, places).reconstruction
        } catch let error where !(error is CancellationError || error is XetError) {
            // A store that fails is no reason not to download.
            return nil
        }
    }
}

/// Says what can be rebuilt from what is kept, without asking anybody.
struct KeptReconstructionSource: Sendable {
    let terms: any TermStore
    let places: ChunkPlaces

    /// The first byte of a range that is not kept; `nil` if all of it is, or the file was imported.
    ///
    /// Throws what ``ImportedFiles`` throw.
    func missing(_ range: FileByteRange, of file: FileHash) async throws -> UInt64? {
        let place = try await missing(range, of: file, places.kept)
        guard let place, let rest = FileByteRange(start: place, end: range.end), let imported = places.imported else {
            return place
        }
        if try await imported.has(file) { return nil }
        return try await missing(rest, of: file, places)
    }

    private func missing(
        _ range: FileByteRange,
        of file: FileHash,
        _ places: ChunkPlaces
    ) async throws -> UInt64? {
        var place = range.start
        while place < range.end {
            guard !Task.isCancelled, let next = FileByteRange(start: place, end: place + 1),
                let part = try? await terms.part(of: file, holding: next), part.end > place,
                let piece = FileByteRange(start: place, end: min(part.end, range.end)),
                try await has(piece, part, places)
            else { return place }
            place = piece.end
        }
        return nil
    }

    private func has(_ piece: FileByteRange, _ part: FilePart, _ places: ChunkPlaces) async throws -> Bool {
        do {
            return try await KeptReconstruction(part, piece, places).reconstruction != nil
        } catch let error as XetError {
            throw error
        } catch {
            return false
        }
    }
}

/// Where chunks are that can be had without the CAS: kept here, and beside that in what was imported.
struct ChunkPlaces: Sendable {
    let store: any ChunkStore
    let imported: (any ImportedFiles)?

    /// Those that are kept here alone.
    var kept: ChunkPlaces { ChunkPlaces(store: store, imported: nil) }

    /// How the bytes are found: only what is kept here is there as long as nobody drops it.
    var address: SignedURL { imported == nil ? .kept : .shared }

    /// Where chunks of a range lie; what was imported is asked only if one of them is not kept.
    func layouts(of xorb: XorbHash, in chunks: ChunkRange) async throws -> [ChunkLayout] {
        let kept = try await store.runs(of: xorb, in: chunks).map { ChunkLayout($0.contents) }
        guard let imported, !Self.cover(kept, chunks) else { return kept }
        return kept + (try await imported.layouts(of: xorb, in: chunks))
    }

    private static func cover(_ layouts: [ChunkLayout], _ chunks: ChunkRange) -> Bool {
        var next = chunks.start
        while next < chunks.end {
            guard let layout = layouts.last(where: { $0.chunks.start <= next && next < $0.chunks.end }) else {
                return false
            }
            next = layout.chunks.end
        }
        return true
    }
}

/// The reconstruction of a range from chunks that are kept: the terms that the CAS would name, and fetch infos without URLs.
private struct KeptReconstruction {
    private(set) var reconstruction: Reconstruction?

    /// None if a chunk is missing.
    init(_ part: FilePart, _ range: FileByteRange, _ places: ChunkPlaces) async throws {
        var kept: [Term] = []
        var fetches: [XorbHash: [FetchInfo]] = [:]
        var start = part.start
        var offset: UInt64?
        for term in part.terms {
            let end = start + UInt64(term.unpackedByteCount)
            defer { start = end }
            guard end > range.start, start < range.end else { continue }
            guard let piece = try await KeptTerm(term, at: start, range, places) else { return }
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
    init?(_ whole: Term, at termStart: UInt64, _ range: FileByteRange, _ places: ChunkPlaces) async throws {
        let layouts = try await places.layouts(of: whole.xorb, in: whole.chunks)
        var chunk = whole.chunks.start
        var place = termStart
        var first: (chunk: Int, start: UInt64, byte: UInt64)?
        var last = (chunk: chunk, end: place, byte: UInt64(0))
        var reached: UInt64 = 0
        while chunk < whole.chunks.end {
            guard let layout = layouts.last(where: { $0.chunks.start <= chunk && chunk < $0.chunks.end }),
                let rest = ChunkRange(start: chunk, end: min(layout.chunks.end, whole.chunks.end))
            else { return nil }
            var byte = layout.place(of: chunk)
            // What a data host sent wrong may stand at a wrong place.
            if chunk > whole.chunks.start, byte != reached { return nil }
            for entry in layout.entries(of: rest) {
                let end = place + UInt64(entry.unpackedByteCount)
                let byteEnd = byte + UInt64(entry.serializedByteCount)
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
        info = try FetchInfo(chunks: chunks, bytes: bytes, url: places.address)
    }
}
